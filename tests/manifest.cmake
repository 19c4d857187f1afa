# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(manifest_unit_test unit/config/system_config_test.cpp LINK qvm_config qvm_test_programs)
