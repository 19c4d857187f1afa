# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# All from the distribution; tools/setup.sh installs them. Nothing is downloaded by the build.

set(QVM_SETUP_HINT "run tools/setup.sh, which installs every package the build needs")
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(package fmt yaml-cpp nlohmann_json GTest pugixml CLI11 tl-expected)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found: ${QVM_SETUP_HINT}")
  endif()
endforeach()
find_package(benchmark QUIET)
pkg_check_modules(LIBVIRT REQUIRED IMPORTED_TARGET libvirt>=9.0)
pkg_check_modules(LIBVIRT_QEMU REQUIRED IMPORTED_TARGET libvirt-qemu>=9.0)
# Debian's libfdt-dev has neither a CMake nor a pkg-config file.
find_library(QVM_LIBFDT fdt)
find_path(QVM_LIBFDT_INCLUDE libfdt.h)
if(NOT QVM_LIBFDT OR NOT QVM_LIBFDT_INCLUDE)
  message(FATAL_ERROR "libfdt was not found: ${QVM_SETUP_HINT}")
endif()
add_library(qvm_fdt INTERFACE)
target_link_libraries(qvm_fdt INTERFACE "${QVM_LIBFDT}")
target_include_directories(qvm_fdt SYSTEM INTERFACE "${QVM_LIBFDT_INCLUDE}")
add_library(qvm::fdt ALIAS qvm_fdt)
include(GoogleTest)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
