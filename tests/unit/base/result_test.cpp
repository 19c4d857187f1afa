// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/result.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>

#include "qvm/base/mapping.h"
#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

TEST(Error, PutsTheOuterContextFirstAndKeepsTheCode) {
  const Error error = Error::from_errno("open '/x'", ENOENT).with_context("start VM 'left'");
  EXPECT_EQ(error.message(), "start VM 'left': open '/x': No such file or directory");
  EXPECT_EQ(error.code(), ENOENT);
}

Result<std::unique_ptr<int>> number_if(bool there) {
  if (!there) return fail_errno("look", ENOENT);
  return std::make_unique<int>(7);
}

Result<void> possible_if(bool possible) {
  if (!possible) return fail("it is not possible");
  return {};
}

Result<int> sum_of(bool first, bool second, bool possible, int& steps) {
  auto one = QVM_TRY(number_if(first));
  ++steps;
  const int sum = *one + *QVM_TRY(number_if(second));
  ++steps;
  QVM_TRY(possible_if(possible));
  ++steps;
  return sum;
}

TEST(Try, GivesTheValueOrEndsTheFunctionWithTheError) {
  int steps = 0;
  EXPECT_EQ(sum_of(true, true, true, steps).value(), 14);
  EXPECT_EQ(steps, 3);
  steps = 0;
  const auto nothing = sum_of(true, false, true, steps);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code(), ENOENT);
  EXPECT_EQ(steps, 1);
  steps = 0;
  const auto impossible = sum_of(true, true, false, steps);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().message(), "it is not possible");
  EXPECT_EQ(steps, 2);
}

// What one of them is given may come from another.
TEST(Try, CanStandInsideAnother) {
  const auto doubled = [](int value) -> Result<int> { return 2 * value; };
  const auto twice = [&](bool there) -> Result<int> { return QVM_TRY(doubled(*QVM_TRY(number_if(there)))); };
  EXPECT_EQ(twice(true).value(), 14);
  EXPECT_FALSE(twice(false));
}

TEST(UniqueFd, ClosesWhatItOwnsAndNothingElse) {
  int number = -1;
  {
    UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = first.get();
    const UniqueFd second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the moved-from state is the contract
    EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Mapping, SharesMemoryWithEveryMappingOfTheSameFile) {
  const UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(fd.get(), 4096), 0);
  auto writer = Mapping::map(fd.get(), 4096, Mapping::Access::read_write);
  auto reader = Mapping::map(fd.get(), 4096, Mapping::Access::read_only);
  ASSERT_TRUE(writer && reader);
  static_cast<char*>(writer->data())[7] = 'x';
  EXPECT_EQ(static_cast<const char*>(reader->data())[7], 'x');
}

TEST(Mapping, SaysWhyItFailed) {
  const auto mapping = Mapping::map(-1, 4096, Mapping::Access::read_only);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().message(), "map shared memory: Bad file descriptor");
}

}  // namespace
}  // namespace qvm
