# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(daemon_unit_test
  unit/daemon/cache_place_test.cpp unit/daemon/console_search_test.cpp unit/daemon/host_objects_test.cpp unit/daemon/left_names_test.cpp unit/daemon/progress_file_test.cpp unit/daemon/protocol_test.cpp
  unit/daemon/region_manager_test.cpp unit/daemon/renamed_files_test.cpp unit/daemon/socket_lengths_test.cpp unit/daemon/vm_record_test.cpp
  LINK qvm_daemon qvm_vmhost_core)

qvm_library(qvm_lifecycle_world support/lifecycle_world.cpp LINK qvm_lifecycle GTest::gtest)
qvm_test(lifecycle_unit_test
  unit/lifecycle/conditions_test.cpp unit/lifecycle/machine_model_test.cpp unit/lifecycle/machine_test.cpp unit/lifecycle/restart_test.cpp unit/lifecycle/stop_order_test.cpp
  unit/lifecycle/verdict_test.cpp
  LINK qvm_lifecycle_world)

qvm_library(qvm_daemon_fixture support/daemon_fixture.cpp support/fake_monitor.cpp LINK qvm_daemon GTest::gtest)
qvm_test(daemon_integration_test THREADS
  integration/daemon/adopt_test.cpp integration/daemon/disk_files_test.cpp integration/daemon/domain_files_test.cpp
  integration/daemon/kvm_access_test.cpp integration/daemon/links_test.cpp integration/daemon/order_test.cpp
  integration/daemon/restart_test.cpp integration/daemon/staging_place_test.cpp integration/daemon/start_test.cpp
  integration/daemon/stop_test.cpp integration/daemon/workers_test.cpp
  LINK qvm_daemon_fixture LABEL integration)

qvm_library(qvm_qvmd_client support/qvmd_client.cpp LINK qvm_control GTest::gtest)
target_compile_definitions(qvm_qvmd_client PRIVATE QVM_BINARY_DIR="${PROJECT_BINARY_DIR}")
qvm_test(qvmd_integration_test integration/daemon/qvmd_test.cpp LINK qvm_qvmd_client LABEL integration)
add_dependencies(qvmd_integration_test qvmd)
