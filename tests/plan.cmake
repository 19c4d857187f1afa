# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_library(qvm_plan_fixture support/plan_fixture.cpp LINK qvm_plan qvm_test_programs)
target_compile_definitions(qvm_plan_fixture PRIVATE QVM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

qvm_test(plan_golden_test golden/plan/plan_golden_test.cpp
  LINK qvm_plan_fixture LABEL golden)
qvm_test(plan_unit_test unit/plan/acpi_test.cpp unit/plan/arm_image_test.cpp unit/plan/device_tree_test.cpp unit/plan/maps_test.cpp unit/plan/plan_fields_test.cpp unit/plan/plan_test.cpp
  LINK qvm_plan_fixture)
qvm_test(planned_corpus_test corpus/qvmconf/plan_test.cpp LINK qvm_plan_fixture LABEL golden)
