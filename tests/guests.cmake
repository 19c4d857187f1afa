# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(guests_unit_test
  unit/guests/conversation_test.cpp
  unit/guests/format_test.cpp
  unit/guests/guest_shm_test.cpp
  unit/guests/guest_shm_c.c
  "${PROJECT_SOURCE_DIR}/guests/hello/conversation.cpp"
  "${PROJECT_SOURCE_DIR}/guests/baremetal/format.cpp")

# Guests boot in plain QEMU here; what lives outside of it is sanitized all the same.
qvm_test(guests_runtime_system_test
  system/guests/runtime_test.cpp support/guest_machine.cpp support/run_program.cpp
  LINK qvm_base nlohmann_json::nlohmann_json LABEL system TIMEOUT 120)
add_dependencies(guests_runtime_system_test guests)

if(TARGET vdev-shmem AND TARGET qvm_region_admin AND TARGET qvm-regiond)
  qvm_test(guests_shmem_system_test
    system/guests/shmem_test.cpp system/guests/linux_test.cpp
    support/guest_machine.cpp support/region_manager.cpp support/run_program.cpp
    LINK qvm_region_admin qvm_plan qvm_base nlohmann_json::nlohmann_json LABEL system TIMEOUT 180)
  add_dependencies(guests_shmem_system_test guests hello-host libqvm-vmhost vdev-shmem qvm-regiond)
endif()
