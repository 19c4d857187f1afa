# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(guests_unit_test
  unit/guests/board_test.cpp
  unit/guests/conversation_test.cpp
  unit/guests/device_tree_test.cpp
  unit/guests/format_test.cpp
  unit/guests/guest_shm_test.cpp
  unit/guests/guest_shm_c.c
  "${PROJECT_SOURCE_DIR}/guests/hello/conversation.cpp"
  support/flat_tree.cpp
  "${PROJECT_SOURCE_DIR}/guests/baremetal/aarch64/board.cpp"
  "${PROJECT_SOURCE_DIR}/guests/baremetal/device_tree.cpp"
  "${PROJECT_SOURCE_DIR}/guests/baremetal/format.cpp"
  LINK fdt)

# Guests boot in plain QEMU here.
qvm_test(guests_runtime_system_test
  system/guests/runtime_test.cpp support/guest_machine.cpp support/run_program.cpp
  LINK qvm_base nlohmann_json::nlohmann_json LABEL system TIMEOUT 120)
add_dependencies(guests_runtime_system_test guests)

qvm_test(guests_aarch64_system_test
  system/guests/aarch64_test.cpp
  support/guest_machine.cpp support/run_program.cpp
  LINK fdt qvm_base nlohmann_json::nlohmann_json LABEL system TIMEOUT 120)
add_dependencies(guests_aarch64_system_test guests)

if(TARGET vdev-shmem AND TARGET qvm_region_admin AND TARGET qvm-regiond)
  # The test of vmhost and the shmem vdev in their place is run with sanitizers as well.
  if(QVM_SANITIZE)
    set(label integration)
  else()
    set(label system)
  endif()
  qvm_test(guests_shmem_system_test
    system/guests/shmem_test.cpp
    support/guest_machine.cpp support/region_manager.cpp support/run_program.cpp
    LINK qvm_region_admin qvm_base nlohmann_json::nlohmann_json LABEL ${label} TIMEOUT 180)
  add_dependencies(guests_shmem_system_test guests hello-host libqvm-vmhost vdev-shmem qvm-regiond)

  # Programs inside of the Linux guests: static, and never sanitized.
  function(linux_program_with compiler folder name)
    set(sources "${ARGN}")
    list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/")
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${folder}/${name}")
    add_custom_command(OUTPUT "${output}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_CURRENT_BINARY_DIR}/${folder}"
      COMMAND "${compiler}" -std=gnu11 -O2 -Wall -Wextra -static -s
        "-I${PROJECT_SOURCE_DIR}/guests/linux/include" "-I${PROJECT_SOURCE_DIR}/qvm/regions/api/include"
        ${sources} -o "${output}"
      DEPENDS ${sources} VERBATIM)
    add_custom_target("${folder}-${name}" DEPENDS "${output}")
  endfunction()
  function(linux_program name)
    linux_program_with("${CMAKE_C_COMPILER}" linux ${name} ${ARGN})
  endfunction()
  linux_program(driver-check tests/system/guests/linux/driver_check.c)
  linux_program(dev-mem tests/system/guests/linux/dev_mem.c)
  linux_program(hyp-shm-program tests/integration/regions/hyp_shm_program.c guests/linux/lib/qvmshm_guest.c)
  find_program(QVM_LINUX_ARM64_CC aarch64-linux-gnu-gcc DOC "Compiler of the tests' programs in a Linux guest for arm64")
  if(QVM_LINUX_ARM64_CC)
    linux_program_with("${QVM_LINUX_ARM64_CC}" linux-arm64 driver-check tests/system/guests/linux/driver_check.c)
  endif()

  qvm_test(guests_linux_system_test
    system/guests/linux_test.cpp
    support/background_program.cpp support/footprint.cpp support/guest_machine.cpp support/linux_guest.cpp support/region_manager.cpp
    support/run_program.cpp
    LINK qvm_region_admin qvm_plan qvm_base nlohmann_json::nlohmann_json LABEL system TIMEOUT 600)
  add_dependencies(guests_linux_system_test libqvm-vmhost vdev-shmem qvm-regiond qvm-chat
    linux-driver-check linux-dev-mem linux-hyp-shm-program)
endif()
