# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(relay_integration_test integration/relay/relay_test.cpp LINK qvm_base LABEL integration)
add_dependencies(relay_integration_test qvm-relay)
