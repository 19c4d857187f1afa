// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/process_limits.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t kEnough = 1000;
constexpr std::uint64_t kMost = 5000;

TEST(SensibleSoftLimit, IsRaisedAsFarAsItGoes) {
  EXPECT_EQ(sensible_soft_limit({.soft = 64, .hard = 4096}, kEnough, kMost), 1000U);
  EXPECT_EQ(sensible_soft_limit({.soft = 64, .hard = 512}, kEnough, kMost), 512U);
  EXPECT_EQ(sensible_soft_limit({.soft = 64, .hard = ProcessLimit::kNone}, kEnough, kMost), 1000U);
}

TEST(SensibleSoftLimit, IsNotLoweredIfItIsSensible) {
  EXPECT_EQ(sensible_soft_limit({.soft = 3000, .hard = 4096}, kEnough, kMost), 3000U);
}

// As in containers: a billion, which other programs count through.
TEST(SensibleSoftLimit, IsLoweredIfItIsHuge) {
  EXPECT_EQ(sensible_soft_limit({.soft = 1073741816, .hard = 1073741816}, kEnough, kMost), 5000U);
  EXPECT_EQ(sensible_soft_limit({}, kEnough, kMost), 5000U);
}

TEST(ProcessLimits, AreTheKernels) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(process_limit(RLIMIT_NOFILE).soft, limit.rlim_cur);
  EXPECT_EQ(process_limit(RLIMIT_NOFILE).hard, limit.rlim_max);
}

TEST(ProcessLimits, FilesAreRaisedForThisProcess) {
  const ProcessLimit before = process_limit(RLIMIT_NOFILE);
  const rlimit tight{64, before.hard};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  raise_file_limit();
  EXPECT_GT(process_limit(RLIMIT_NOFILE).soft, 64U);
  EXPECT_EQ(process_limit(RLIMIT_NOFILE).hard, before.hard);
  const rlimit old{before.soft, before.hard};
  ::setrlimit(RLIMIT_NOFILE, &old);
}

TEST(FileLimit, SaysWhichWhatAndWhatToDo) {
  EXPECT_TRUE(check_file_limit({.soft = 64, .hard = 64}, 40, 24, "a start of 2 VMs"));
  const auto refused = check_file_limit({.soft = 64, .hard = 64}, 40, 25, "a start of 2 VMs");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(),
              AllOf(StartsWith("a start of 2 VMs needs 25 open files more in qvmd, which has 40 and may have "
                               "64 (RLIMIT_NOFILE): raise it with 'prlimit "),
                    HasSubstr("--ulimit nofile=65536")));
}

TEST(FileLimit, CountsOpenFiles) {
  const std::uint64_t before = count_open_files();
  const UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(count_open_files(), before + 1);
}

TEST(ExplainLimit, NamesTheLimitBehindAMessage) {
  const ProcessLimit files{.soft = 64, .hard = 64};
  const ProcessLimit processes{.soft = 30, .hard = 30};
  EXPECT_THAT(
      explain_limit("make a pipe: Too many open files", files, processes),
      StartsWith("make a pipe: Too many open files (the limit of open files, RLIMIT_NOFILE, is 64: raise"));
  EXPECT_THAT(explain_limit("cannot fork: Resource temporarily unavailable", files, processes),
              AllOf(HasSubstr("RLIMIT_NPROC is 30"), HasSubstr("--nproc=65536")));
  EXPECT_EQ(explain_limit("No such file or directory", files, processes), "No such file or directory");
}

}  // namespace
}  // namespace qvm
