# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Toolchain of the preset release-arm64: Debian's cross compiler, against the files that tools/arm64-root.sh has unpacked
# into build/arm64-root or into the folder that QVM_ARM64_ROOT names.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# The environment, so that CMake's own trial projects see the same.
if(NOT DEFINED ENV{QVM_ARM64_ROOT})
  get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../build/arm64-root" ABSOLUTE)
  set(ENV{QVM_ARM64_ROOT} "${root}")
endif()
if(NOT EXISTS "$ENV{QVM_ARM64_ROOT}/.made-of")
  message(FATAL_ERROR "'$ENV{QVM_ARM64_ROOT}' has no files of arm64: run tools/arm64-root.sh build/arm64-root")
endif()
set(CMAKE_SYSROOT "$ENV{QVM_ARM64_ROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
