# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(daemon_unit_test THREADS unit/daemon/protocol_test.cpp unit/daemon/verdict_test.cpp unit/daemon/vm_name_test.cpp
  LINK qvm_daemon)
