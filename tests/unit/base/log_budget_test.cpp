// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_budget.h"

#include <gtest/gtest.h>

namespace qvm {
namespace {

using Verdict = LogBudget::Verdict;
using std::chrono::seconds;

constexpr LogBudget::Time kStart{seconds(1000)};

unsigned lines(LogBudget& budget, const std::string& key, LogBudget::Time now) {
  unsigned count = 0;
  while (budget.spend(key, now) != Verdict::drop) ++count;
  return count;
}

TEST(LogBudget, ABurstAndThenLittle) {
  LogBudget budget;
  EXPECT_EQ(lines(budget, "vm:left", kStart), LogBudget::kBurst);
  EXPECT_EQ(lines(budget, "vm:left", kStart + seconds(9)), 0U);
  EXPECT_EQ(lines(budget, "vm:left", kStart + seconds(25)), 2U);
  EXPECT_EQ(lines(budget, "vm:left", kStart + seconds(30)), 1U);
  EXPECT_EQ(lines(budget, "vm:left", kStart + seconds(100'000)), LogBudget::kBurst);
}

TEST(LogBudget, TheLastLineSaysSo) {
  LogBudget budget;
  for (unsigned i = 1; i < LogBudget::kBurst; ++i) EXPECT_EQ(budget.spend("a", kStart), Verdict::write);
  EXPECT_EQ(budget.spend("a", kStart), Verdict::write_last);
  EXPECT_EQ(budget.spend("a", kStart), Verdict::drop);
}

TEST(LogBudget, OneDoesNotUseUpAnothers) {
  LogBudget budget;
  lines(budget, "vm:left", kStart);
  EXPECT_EQ(lines(budget, "vm:right", kStart), LogBudget::kBurst);
}

TEST(LogBudget, ManyNamesShareWhatIsLeft) {
  LogBudget budget;
  for (std::size_t i = 0; i < LogBudget::kMaxKeys; ++i) budget.spend(std::to_string(i), kStart);
  unsigned count = 0;
  for (int i = 0; i < 5000; ++i) count += budget.spend("more" + std::to_string(i), kStart) != Verdict::drop;
  EXPECT_EQ(count, LogBudget::kBurst);
  EXPECT_EQ(budget.spend("late", kStart + seconds(60)), Verdict::write) << "the quiet ones are forgotten";
}

}  // namespace
}  // namespace qvm
