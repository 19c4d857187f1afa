# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_library(qvm_regions_fixture support/regions_fixture.cpp LINK qvm_region_client qvm_region_admin GTest::gtest)
target_compile_definitions(qvm_regions_fixture PRIVATE QVM_BINARY_DIR="${PROJECT_BINARY_DIR}")
add_dependencies(qvm_regions_fixture qvm-regiond)

qvm_test(regions_unit_test THREADS
  unit/regions/access_test.cpp unit/regions/chores_test.cpp unit/regions/client_connection_test.cpp
  unit/regions/codec_test.cpp unit/regions/documented_limits_test.cpp unit/regions/doorbell_test.cpp unit/regions/explain_test.cpp unit/regions/host_memory_test.cpp unit/regions/journal_test.cpp unit/regions/keeper_test.cpp unit/regions/manager_test.cpp unit/regions/manager_model_test.cpp
  unit/regions/memory_test.cpp unit/regions/ringer_test.cpp unit/regions/server_test.cpp
  LINK qvm_regions_server qvm_region_client qvm_region_admin)

add_executable(qvmshm_c_program integration/regions/c_program.c)
target_compile_features(qvmshm_c_program PRIVATE c_std_99)
target_link_libraries(qvmshm_c_program PRIVATE qvm_flags qvmshm)
set_target_properties(qvmshm_c_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")

# hyp_shm.h as programs written for QNX see it: each dialect that they are compiled in, with warnings that would stop their
# build, and none of our own flags.
function(hyp_shm_program dialect language standard extensions)
  set(name "hyp_shm_program_${dialect}")
  if(language STREQUAL CXX)
    add_executable(${name} integration/regions/hyp_shm_program.cpp)
  else()
    add_executable(${name} integration/regions/hyp_shm_program.c)
  endif()
  set_target_properties(${name} PROPERTIES
    ${language}_STANDARD ${standard} ${language}_EXTENSIONS ${extensions}
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Werror)
  target_link_libraries(${name} PRIVATE qvmshm)
  if(TARGET qvm_sanitize)
    target_link_libraries(${name} PRIVATE qvm_sanitize)
  endif()
  set(HYP_SHM_PROGRAMS ${HYP_SHM_PROGRAMS} ${name} PARENT_SCOPE)
endfunction()
hyp_shm_program(c99 C 99 OFF)
hyp_shm_program(gnu99 C 99 ON)
hyp_shm_program(c11 C 11 OFF)
hyp_shm_program(gnu17 C 17 ON)
hyp_shm_program(cpp11 CXX 11 OFF)
hyp_shm_program(gnucpp20 CXX 20 ON)

qvm_test(regions_integration_test THREADS
  integration/regions/attach_test.cpp integration/regions/attack_test.cpp integration/regions/chat_test.cpp integration/regions/durability_test.cpp integration/regions/hostile_test.cpp integration/regions/limits_test.cpp integration/regions/log_test.cpp
  integration/regions/pressure_test.cpp
  integration/regions/qvmshm_test.cpp
  integration/regions/recovery_test.cpp integration/regions/service_test.cpp integration/regions/stress_test.cpp
  support/background_program.cpp support/footprint.cpp
  LINK qvm_regions_fixture qvm_regions_server qvm_test_programs qvmshm nlohmann_json::nlohmann_json LABEL integration TIMEOUT 120)
add_dependencies(regions_integration_test qvmshm_c_program ${HYP_SHM_PROGRAMS} qvm-chat)

qvm_test(regions_storm_test THREADS
  integration/regions/storm_test.cpp integration/regions/storm_worker.cpp
  LINK qvm_regions_fixture qvmshm LABEL integration TIMEOUT 120)

# A sanitized library needs its runtime in the program, too.
if(NOT QVM_SANITIZE)
  add_test(NAME RegionsCApi.InstalledForPkgConfig
    COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/integration/regions/installed_library.sh"
      "${CMAKE_COMMAND}" "${PROJECT_BINARY_DIR}" "${CMAKE_C_COMPILER}")
  set_tests_properties(RegionsCApi.InstalledForPkgConfig PROPERTIES LABELS integration TIMEOUT 60)
endif()
