# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# What must hold for every input, and the inputs: the corpus tests run them, a fuzzing engine finds more (tests/fuzz/run.sh).
qvm_library(qvm_fuzz_targets
  fuzz/checks.cpp fuzz/config_input.cpp fuzz/fix_input.cpp fuzz/format_input.cpp fuzz/manifest_input.cpp
  LINK qvm_config_test_support)
qvm_library(qvm_fuzz_region_targets
  fuzz/journal_input.cpp fuzz/protocol_input.cpp fuzz/shmem_input.cpp
  LINK qvm_regions_server qvm_region_admin qvm_region_client qvm_shmem_device)
qvm_test(config_corpus_test fuzz/config_corpus_test.cpp fuzz/inputs.cpp LINK qvm_fuzz_targets TIMEOUT 180)
qvm_library(qvm_fuzz_lifecycle_target fuzz/lifecycle_input.cpp LINK qvm_lifecycle_world)
qvm_test(action_corpus_test fuzz/action_corpus_test.cpp fuzz/inputs.cpp
  LINK qvm_fuzz_region_targets qvm_fuzz_lifecycle_target qvm_config_test_support TIMEOUT 180)

if(QVM_FUZZ)
  function(qvm_fuzz_programs library)
    foreach(target ${ARGN})
      add_executable(fuzz_${target} fuzz/${target}_fuzz.cpp)
      target_link_libraries(fuzz_${target} PRIVATE qvm_flags ${library})
      target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
      set_target_properties(fuzz_${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    endforeach()
  endfunction()
  qvm_fuzz_programs(qvm_fuzz_targets config manifest format fix)
  qvm_fuzz_programs(qvm_fuzz_region_targets shmem journal protocol)
  qvm_fuzz_programs(qvm_fuzz_lifecycle_target lifecycle)
endif()
