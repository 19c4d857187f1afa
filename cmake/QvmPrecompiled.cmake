# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# The headers that nearly every file includes are parsed once, in the builds that are only for tests; in the release
# build they are not, so that a file that forgets an #include is found. Libraries and test programs are compiled with
# different flags, so each kind has its own.

set(QVM_LIBRARY_HEADERS
  <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <optional> <set> <sstream> <string>
  <string_view> <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
set(QVM_TEST_HEADERS ${QVM_LIBRARY_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)

function(qvm_flags_with_precompiled target)
  # -fpch-preprocess: the compiler cache wants it.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  target_link_libraries(${target} PRIVATE qvm_flags fmt::fmt)
endfunction()

if(QVM_PRECOMPILE)
  add_library(qvm_library_headers OBJECT cmake/precompiled/main.cpp)
  qvm_flags_with_precompiled(qvm_library_headers)
  target_precompile_headers(qvm_library_headers PRIVATE ${QVM_LIBRARY_HEADERS})
  add_executable(qvm_test_headers EXCLUDE_FROM_ALL cmake/precompiled/main.cpp)
  qvm_flags_with_precompiled(qvm_test_headers)
  target_link_libraries(qvm_test_headers PRIVATE GTest::gmock)
  target_precompile_headers(qvm_test_headers PRIVATE ${QVM_TEST_HEADERS})
endif()

# Nothing for a target with C sources: CMake would look for precompiled headers for them, too.
function(qvm_use_precompiled target owner)
  get_target_property(sources ${target} SOURCES)
  if(QVM_PRECOMPILE AND NOT "${sources}" MATCHES "[.]c(;|$)")
    qvm_flags_with_precompiled(${target})
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
