# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(host_unit_test THREADS unit/host/monitor_answer_test.cpp unit/host/process_output_test.cpp LINK qvm_host)
qvm_test(host_integration_test THREADS
  integration/host/embed_root_test.cpp integration/host/libvirt_test.cpp integration/host/orphan_reaper_test.cpp
  integration/host/stray_domains_test.cpp
  LINK qvm_host LABEL integration)
