// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The bytes choose what happens in a world of VMs: what it checks holds, and at the end nothing is left.
#include <gtest/gtest-spi.h>

#include <random>

#include "tests/fuzz/bytes.h"
#include "tests/fuzz/targets.h"
#include "tests/support/lifecycle_world.h"

namespace qvm::fuzz {
namespace {

// Of the world's expectations; they are no failures of a test that runs us.
class Findings {
 public:
  std::string first() const {
    for (int i = 0; i < x_results.size(); ++i) {
      if (x_results.GetTestPartResult(i).failed()) return x_results.GetTestPartResult(i).message();
    }
    return {};
  }

 private:
  using Reporter = testing::ScopedFakeTestPartResultReporter;
  testing::TestPartResultArray x_results;
  Reporter x_reporter{Reporter::INTERCEPT_ONLY_CURRENT_THREAD, &x_results};
};

}  // namespace

std::string check_lifecycle_input(const std::uint8_t* data, std::size_t size) {
  const Findings findings;
  Bytes input(data, size);
  std::mt19937_64 behind_the_end;
  test::LifecycleWorld world(
      [&]() -> std::uint64_t { return input.empty() ? behind_the_end() : input.number<std::uint16_t>(); });
  while (!input.empty() && findings.first().empty()) world.live();
  if (findings.first().empty()) world.come_to_an_end();
  return findings.first();
}

}  // namespace qvm::fuzz
