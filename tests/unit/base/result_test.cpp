// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/result.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "qvm/base/mapping.h"
#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

TEST(Error, PutsTheOuterContextFirstAndKeepsTheCode) {
  const Error error = Error::from_errno("open '/x'", ENOENT).with_context("start VM 'left'");
  EXPECT_EQ(error.message(), "start VM 'left': open '/x': No such file or directory");
  EXPECT_EQ(error.code(), ENOENT);
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
