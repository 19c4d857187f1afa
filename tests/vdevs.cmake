# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(vdevs_shmem_unit_test THREADS
  unit/vdevs/shmem_factory_test.cpp unit/vdevs/shmem_control_test.cpp
  LINK qvm_shmem_device)

qvm_test(vdevs_sp805_unit_test unit/vdevs/sp805_test.cpp LINK qvm_sp805_device)

qvm_test(vdevs_vmhost_unit_test THREADS
  unit/vdevs/vmhost_config_test.cpp unit/vdevs/vmhost_event_thread_test.cpp unit/vdevs/vmhost_ioapic_pins_test.cpp
  unit/vdevs/vmhost_lines_test.cpp
  unit/vdevs/vmhost_loader_test.cpp unit/vdevs/vmhost_pci_class_test.cpp unit/vdevs/vmhost_placement_test.cpp
  unit/vdevs/vmhost_qemu_versions_test.cpp
  unit/vdevs/vmhost_window_allocator_test.cpp
  LINK qvm_vmhost_core)
target_compile_definitions(vdevs_vmhost_unit_test PRIVATE QVM_ODD_VDEVS="${CMAKE_BINARY_DIR}/tests/vdevs")

# Objects that the loader must refuse, one per cause ("none": a good one; "old", "typed": good ones that tell of an option).
add_custom_target(odd_vdevs)
foreach(odd none entry null magic abi size function unresolved create start silent old typed)
  string(TOUPPER "QVM_ODD_${odd}" define)
  add_library(odd-${odd} MODULE support/vdevs/odd_vdev.c)
  target_link_libraries(odd-${odd} PRIVATE qvm_flags)
  target_compile_definitions(odd-${odd} PRIVATE ${define})
  set_target_properties(odd-${odd} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/vdevs")
  add_dependencies(odd_vdevs odd-${odd})
endforeach()
add_dependencies(vdevs_vmhost_unit_test odd_vdevs)

# What needs a real QEMU. The example is built here as its users build it: from its own directory.
if(NOT QVM_SANITIZE)
  add_subdirectory("${PROJECT_SOURCE_DIR}/docs/examples/vdev-counter" "${CMAKE_BINARY_DIR}/docs/examples/vdev-counter")
  set_target_properties(vdev-counter PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/vdevs")
  add_library(vdevs_test_support STATIC support/vdevs/qemu_process.cpp)
  target_link_libraries(vdevs_test_support PUBLIC qvm_flags tl::expected)
  target_compile_definitions(vdevs_test_support PRIVATE
    QVM_PLUGIN_DIR="${QVM_PLUGIN_OUTPUT_DIRECTORY}" QVM_GUEST_DIR="${QVM_GUEST_OUTPUT_DIRECTORY}")

  qvm_test(vdevs_loader_system_test
    system/vdevs/loader_test.cpp system/vdevs/counter_test.cpp system/vdevs/example_test.cpp
    system/vdevs/extra_memory_test.cpp system/vdevs/pci_test.cpp system/vdevs/sp805_test.cpp
    LINK vdevs_test_support qvm_plan qvm_config LABEL system TIMEOUT 60)
  target_compile_definitions(vdevs_loader_system_test PRIVATE
    QVM_ODD_VDEVS="${CMAKE_BINARY_DIR}/tests/vdevs" QVM_COUNTER_DIRECTORY="${CMAKE_BINARY_DIR}/tests/vdevs"
    QVM_COUNTER_VDEV="${CMAKE_BINARY_DIR}/tests/vdevs/vdev-counter.so" QVM_GUEST_DIR="${QVM_GUEST_OUTPUT_DIRECTORY}")
  add_dependencies(vdevs_loader_system_test libqvm-vmhost vdev-counter vdev-wdt-sp805 guests odd_vdevs)
endif()
