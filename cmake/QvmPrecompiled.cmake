# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Parses the headers that nearly every file includes once. Test programs always use this; the product does with
# QVM_PRECOMPILE only, so that the release build finds a file that forgets an #include. Libraries and test programs are
# compiled with different flags, so each kind has its own.

set(QVM_LIBRARY_HEADERS
  <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <optional> <set> <sstream> <string>
  <string_view> <thread> <utility> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)
set(QVM_TEST_HEADERS ${QVM_LIBRARY_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)

function(qvm_flags_with_precompiled target)
  # -fpch-preprocess: the compiler cache wants it.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  target_link_libraries(${target} PRIVATE qvm_flags fmt::fmt nlohmann_json::nlohmann_json)
endfunction()

if(QVM_PRECOMPILE)
  add_library(qvm_library_headers OBJECT cmake/precompiled/main.cpp)
  qvm_flags_with_precompiled(qvm_library_headers)
  target_precompile_headers(qvm_library_headers PRIVATE ${QVM_LIBRARY_HEADERS})
endif()
if(QVM_TESTS)
  add_executable(qvm_test_headers EXCLUDE_FROM_ALL cmake/precompiled/main.cpp)
  qvm_flags_with_precompiled(qvm_test_headers)
  target_link_libraries(qvm_test_headers PRIVATE GTest::gmock)
  target_compile_options(qvm_test_headers PRIVATE -O0)
  target_precompile_headers(qvm_test_headers PRIVATE ${QVM_TEST_HEADERS})
endif()

# Nothing for a target with C sources, for which CMake would want precompiled headers too, nor for one that has fmt as
# source text, by itself or with a library of ours: those headers were parsed for fmt's library.
function(qvm_use_precompiled target owner)
  get_target_property(sources ${target} SOURCES)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  foreach(library ${libraries})
    set(own_fmt OFF)
    if(TARGET ${library})
      get_target_property(own_fmt ${library} QVM_OWN_FMT)
    endif()
    if(own_fmt OR library STREQUAL fmt::fmt-header-only)
      set_target_properties(${target} PROPERTIES QVM_OWN_FMT ON)
      return()
    endif()
  endforeach()
  if(TARGET ${owner} AND NOT "${sources}" MATCHES "[.]c(;|$)")
    qvm_flags_with_precompiled(${target})
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
