# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(cli_unit_test
  unit/cli/console_log_test.cpp unit/cli/doctor_checks_test.cpp unit/cli/exit_codes_test.cpp unit/cli/host_id_test.cpp unit/cli/host_pci_test.cpp unit/cli/options_test.cpp unit/cli/region_service_test.cpp unit/cli/region_table_test.cpp
  unit/cli/signals_test.cpp unit/cli/status_text_test.cpp unit/cli/vm_accounts_test.cpp
  LINK ${QVM_WHOLE}qvm_cli>)

# The whole chain, with a real QEMU; what is not a plugin in it could be sanitized, what is could not.
if(NOT QVM_SANITIZE AND TARGET guests)
  qvm_test(cli_system_test
    system/cli/anywhere_test.cpp system/cli/background_test.cpp system/cli/board_linux_test.cpp system/cli/board_test.cpp system/cli/cli_fixture.cpp
    system/cli/conversation.cpp system/cli/documents_test.cpp system/cli/hello_test.cpp system/cli/layout_test.cpp
    system/cli/host_sides_test.cpp system/cli/isolation_test.cpp
    system/cli/linux_storage_test.cpp system/cli/linux_test.cpp system/cli/network_test.cpp system/cli/order_test.cpp
    system/cli/regions_test.cpp system/cli/runtime_directory_test.cpp system/cli/single_test.cpp system/cli/survival_test.cpp
    system/cli/trouble_test.cpp system/cli/up_test.cpp
    support/background_program.cpp support/footprint.cpp support/guest_machine.cpp support/linux_guest.cpp support/qvm_sandbox.cpp
    LINK qvm_base qvm_test_programs nlohmann_json::nlohmann_json LABEL system TIMEOUT 300)
  # What hosts lack, and what qvm says of it, also where nobody can read it: needs no guest but the smallest.
  qvm_test(cli_host_system_test
    system/cli/cli_fixture.cpp system/cli/containers_test.cpp system/cli/doctor_test.cpp system/cli/output_test.cpp
    support/background_program.cpp support/guest_machine.cpp support/qvm_sandbox.cpp
    LINK qvm_base qvm_test_programs nlohmann_json::nlohmann_json LABEL system TIMEOUT 120)
  add_dependencies(cli_host_system_test qvm qvmd qvm-relay qvm-lint qvm-regiond libqvm-vmhost vdev-shmem vdev-wdt-sp805 guests hello-host qvm-chat)
  add_library(vdev-failing MODULE support/vdevs/failing_vdev.c)
  target_link_libraries(vdev-failing PRIVATE qvm_flags)
  set_target_properties(vdev-failing PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/vdevs")
  add_dependencies(cli_system_test qvm qvmd qvm-relay qvm-lint qvm-regiond libqvm-vmhost vdev-shmem vdev-wdt-sp805 vdev-failing guests hello-host qvm-chat
    linux-driver-check linux-dev-mem linux-hyp-shm-program)
  if(TARGET linux-arm64-driver-check)
    add_dependencies(cli_system_test linux-arm64-driver-check)
  endif()
endif()
