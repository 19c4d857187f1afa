# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
add_test(NAME docs.readme COMMAND "${PROJECT_SOURCE_DIR}/tools/ci/check-readme.sh" "${PROJECT_BINARY_DIR}")
set_tests_properties(docs.readme PROPERTIES LABELS doc TIMEOUT 30)
add_dependencies(tests_quick qvm-lint)
add_test(NAME docs.threat_model COMMAND "${PROJECT_SOURCE_DIR}/tools/ci/check-threat-model.sh")
set_tests_properties(docs.threat_model PROPERTIES LABELS doc TIMEOUT 30)
if(NOT QVM_SANITIZE AND TARGET guests)
  add_test(NAME docs.getting_started COMMAND "${PROJECT_SOURCE_DIR}/tools/ci/check-walkthrough.py"
    "${PROJECT_SOURCE_DIR}/docs/getting-started.md" "${PROJECT_BINARY_DIR}/bin")
  set_tests_properties(docs.getting_started PROPERTIES LABELS system TIMEOUT 300 COST 60)
endif()
