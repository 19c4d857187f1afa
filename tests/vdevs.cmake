# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(vdevs_shmem_unit_test
  unit/vdevs/shmem_factory_test.cpp unit/vdevs/shmem_control_test.cpp
  LINK qvm_shmem_device)

qvm_test(vdevs_vmhost_unit_test
  unit/vdevs/vmhost_config_test.cpp unit/vdevs/vmhost_event_thread_test.cpp unit/vdevs/vmhost_lines_test.cpp
  unit/vdevs/vmhost_loader_test.cpp unit/vdevs/vmhost_window_allocator_test.cpp
  LINK qvm_vmhost_core)
target_compile_definitions(vdevs_vmhost_unit_test PRIVATE QVM_ODD_VDEVS="${CMAKE_BINARY_DIR}/tests/vdevs")

# Objects that the loader must refuse, one per cause ("none": a good one).
foreach(odd none entry null magic abi size function unresolved create start silent)
  string(TOUPPER "QVM_ODD_${odd}" define)
  add_library(odd-${odd} MODULE support/vdevs/odd_vdev.c)
  target_link_libraries(odd-${odd} PRIVATE qvm_flags)
  target_compile_definitions(odd-${odd} PRIVATE ${define})
  set_target_properties(odd-${odd} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/vdevs")
  add_dependencies(vdevs_vmhost_unit_test odd-${odd})
endforeach()
