# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Benches are built, never run by ctest: figures come from tests/bench/run.sh.
if(NOT QVM_SANITIZE)
  add_executable(libvirt_peer bench/libvirt_peer.cpp)
  target_link_libraries(libvirt_peer PRIVATE qvm_flags PkgConfig::LIBVIRT Threads::Threads)
  add_executable(hold_vms bench/hold_vms.cpp)
  target_link_libraries(hold_vms PRIVATE qvm_flags qvm_region_admin)
  add_executable(host_cycles bench/host_cycles.c)
  target_link_libraries(host_cycles PRIVATE qvm_flags qvmshm)
  add_executable(many_clients bench/many_clients.cpp)
  target_link_libraries(many_clients PRIVATE qvm_flags qvm_region_client)
  add_executable(lint_rate bench/lint_rate.cpp)
  target_link_libraries(lint_rate PRIVATE qvm_flags qvm_config_test_support)
  add_executable(host_notify bench/linux/notify.c bench/linux/notify_channels.c)
  target_link_libraries(host_notify PRIVATE qvm_flags qvmshm)
  linux_program(copy-bench tests/bench/linux/copy.c guests/linux/lib/qvmshm_guest.c)
  linux_program(notify-bench
    tests/bench/linux/notify.c tests/bench/linux/notify_channels.c guests/linux/lib/qvmshm_guest.c)
  add_custom_target(benches_in_linux ALL DEPENDS linux-copy-bench linux-notify-bench)
  set_target_properties(libvirt_peer hold_vms host_cycles host_notify many_clients lint_rate PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
endif()
