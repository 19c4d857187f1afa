// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The table of limits in docs/region-protocol.md says what the code says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "qvm/regions/model/manager.h"

namespace qvm::regions {
namespace {

std::string gibibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 30U) + " GiB";
}

TEST(DocumentedLimits, AreThoseOfHostPrograms) {
  std::ifstream file(QVM_SOURCE_DIR "/docs/region-protocol.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const Limits limits;
  const UserLimits& own = limits.own_programs;
  const UserLimits& other = limits.other_programs;
  const auto row = [](const char* what, const std::string& ours, const std::string& theirs, int status) {
    return testing::HasSubstr(std::string(what) + " | " + ours + "; " + theirs + " | " +
                              std::to_string(status) + " |\n");
  };
  EXPECT_THAT(page, row("of the user of qvm-regiond; of another", std::to_string(own.connections_per_region),
                        std::to_string(other.connections_per_region), 3));
  EXPECT_THAT(page, row("of all programs of one user: the same two", std::to_string(own.connections),
                        std::to_string(other.connections), 3));
  EXPECT_THAT(page, row("memory that they create", gibibytes(own.bytes), gibibytes(other.bytes), 2));
  EXPECT_THAT(page,
              row("regions that they create", std::to_string(own.regions), std::to_string(other.regions), 2));
}

}  // namespace
}  // namespace qvm::regions
