# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# One function per kind of target, so that flags, sanitizers and test registration are said once.

add_library(qvm_flags INTERFACE)
target_compile_options(qvm_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wswitch-enum
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wsuggest-override -Wnon-virtual-dtor>
  $<$<BOOL:${QVM_WARNINGS_AS_ERRORS}>:-Werror>)
target_include_directories(qvm_flags INTERFACE "${PROJECT_SOURCE_DIR}")
# Asserts are on in every build, whatever its type, and those of the standard library's containers with them: what runs
# inside QEMU holds a guest's memory, and a process that ends is dealt with everywhere, one that goes on wrongly is not.
target_compile_options(qvm_flags INTERFACE -UNDEBUG)
target_compile_definitions(qvm_flags INTERFACE _GNU_SOURCE $<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>)

if(QVM_SANITIZE)
  add_library(qvm_sanitize INTERFACE)
  target_compile_options(qvm_sanitize INTERFACE
    -fsanitize=${QVM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # A fifth of the compile time: null dereferences are caught by AddressSanitizer as well, sizes of objects are not
    # known without optimisation, and nothing here is cast down a class hierarchy.
    -fno-sanitize=null,object-size,vptr)
  target_link_options(qvm_sanitize INTERFACE -fsanitize=${QVM_SANITIZE})
  target_link_libraries(qvm_flags INTERFACE qvm_sanitize)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libasan.so
    OUTPUT_VARIABLE QVM_ASAN_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

# Tests are compiled many sources at once in every build, which takes a quarter of the time. No two sources of a test
# program have the same private name, so all warnings stay on. The batches of a program have about the same size.
function(qvm_use_test_unity target)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "[.]cpp$")
  list(LENGTH sources count)
  if(count GREATER 1)
    math(EXPR batches "(${count} + 11) / 12")
    math(EXPR size "(${count} + ${batches} - 1) / ${batches}")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
  endif()
endfunction()

# The product is compiled so with QVM_UNITY only. Warnings about names that two sources may both have are for builds that
# compile each by itself.
function(qvm_use_unity target)
  if(CMAKE_CURRENT_SOURCE_DIR STREQUAL "${PROJECT_SOURCE_DIR}/tests")
    qvm_use_test_unity(${target})
  elseif(QVM_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-shadow -Wno-subobject-linkage>)
  endif()
endfunction()

# qvm_library(NAME SOURCES... [LINK libs...] [PRIVATE libs...]): a static library, position independent.
function(qvm_library name)
  cmake_parse_arguments(ARG "" "" "LINK;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC qvm_flags ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  # Precompiled headers have been parsed for fmt's shared library.
  if(NOT "fmt::fmt-header-only" IN_LIST ARG_PRIVATE)
    qvm_use_precompiled(${name} qvm_library_headers)
  endif()
  qvm_use_unity(${name})
endfunction()

# ${QVM_WHOLE}LIBRARY> among LINK: all of a library, also what nothing refers to, as objects that enter lists by themselves
# are (qvm/base/registered.h).
set(QVM_WHOLE "$<LINK_LIBRARY:WHOLE_ARCHIVE,")

# qvm_program(NAME SOURCES... [LINK libs...]): a program for users, installed into bin/.
function(qvm_program name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE qvm_flags ${ARG_LINK})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# qvm_plugin(NAME SOURCES... [LINK libs...]): an object that is loaded into QEMU, in lib/qvm/. With AddressSanitizer tests
# put its runtime into QEMU (tests/support/guest_machine.cpp); ThreadSanitizer's would have to know all of QEMU.
function(qvm_plugin name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE qvm_flags ${ARG_LINK})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${QVM_PLUGIN_OUTPUT_DIRECTORY}")
  qvm_use_unity(${name})
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/qvm)
endfunction()

# What the sanitizer builds build: every test but those of whole systems, and of these the ones in which threads or
# processes meet.
add_custom_target(tests_with_sanitizers)
add_custom_target(tests_with_threads)
# What tools/test.sh --quick builds.
add_custom_target(tests_quick)

# qvm_test(NAME SOURCES... [LINK libs...] [LABEL unit|golden|integration|system] [TIMEOUT s] [SERIAL] [THREADS]):
# a GoogleTest program. Every TEST is a ctest test; under sanitizers the whole program is one.
# THREADS: also to be run under ThreadSanitizer.
function(qvm_test name)
  cmake_parse_arguments(ARG "SERIAL;THREADS" "LABEL;TIMEOUT" "LINK;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE qvm_flags ${ARG_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    QVM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" QVM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(QVM_ASAN_RUNTIME)
    target_compile_definitions(${name} PRIVATE QVM_ASAN_RUNTIME="${QVM_ASAN_RUNTIME}")
  endif()
  qvm_use_precompiled(${name} qvm_test_headers)
  qvm_use_test_unity(${name})
  # What is tested is optimised, the tests themselves are not: that halves the time of building them.
  target_compile_options(${name} PRIVATE -O0)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set(label ${ARG_LABEL})
  if(NOT ARG_LABEL STREQUAL system)
    add_dependencies(tests_with_sanitizers ${name})
  endif()
  if(ARG_LABEL MATCHES "^(unit|golden)$")
    add_dependencies(tests_quick ${name})
  endif()
  if(ARG_THREADS)
    add_dependencies(tests_with_threads ${name})
    string(APPEND label -threads)  # one label: gtest_discover_tests cannot quote a list
  endif()
  # COST: tests that may take long start first, so that at the end no processor waits for the last of them.
  set(properties LABELS ${label} TIMEOUT ${ARG_TIMEOUT} COST ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(QVM_SANITIZE OR ARG_LABEL MATCHES "^(unit|golden)$")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties} TIMEOUT 600)
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
  endif()
endfunction()
