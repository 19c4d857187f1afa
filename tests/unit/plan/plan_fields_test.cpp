// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/vm_plan_fields.h"

#include <gtest/gtest.h>

#include "tests/support/filled.h"
#include "tests/support/schema_comparison.h"

namespace qvm::plan {
namespace {

TEST(PlanFields, AgreeWithTheSchema) {
  test::SchemaComparison schema("plan.schema.json");
  schema.take_out_version();
  schema.compare<VmPlan>("");
}

TEST(PlanFields, AllComeBackFromJson) {
  const auto plan = test::filled<VmPlan>();
  const auto read = from_json(to_json(plan));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == plan) << to_json(plan);
}

TEST(PlanFields, DefaultsComeBackFromJson) {
  const auto read = from_json(to_json(VmPlan{}));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == VmPlan{});
}

TEST(PlanFields, PlansThatDifferInOneAreNotEqual) {
  const auto plan = test::filled<VmPlan>();
  const VmPlan empty;
  for_each_field<VmPlan>([&](const auto& field) {
    VmPlan other = plan;
    field.of(other) = field.of(empty);
    EXPECT_FALSE(other == plan) << field.name;
  });
}

}  // namespace
}  // namespace qvm::plan
