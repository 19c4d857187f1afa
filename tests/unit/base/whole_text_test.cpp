// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/whole_text.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

using std::chrono::steady_clock;
namespace fs = std::filesystem;
using test::TemporaryDirectory;

TEST(ReadToEnd, EndsWhenEverybodyHasClosedTheOtherEnd) {
  auto pipe = make_pipe().value();
  UniqueFd other(::dup(pipe.write.get()));
  pipe.write.reset();
  const auto early =
      read_to_end(pipe.read.get(), {.deadline = steady_clock::now() + std::chrono::milliseconds(1)});
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code(), ETIMEDOUT);
  ASSERT_TRUE(write_all(other.get(), "abc"));
  other.reset();
  EXPECT_EQ(read_to_end(pipe.read.get(), {}).value(), "abc");
}

TEST(ReadToEnd, KeepsNoMoreThanIsWanted) {
  auto pipe = make_pipe().value();
  ASSERT_TRUE(write_all(pipe.write.get(), std::string(10'000, 'x')));
  pipe.write.reset();
  EXPECT_EQ(read_to_end(pipe.read.get(), {}, 7).value(), "xxxxxxx");
}

TEST(ReadToEnd, IsInterruptedBeforeAnythingHasComeAndNotLater) {
  auto pipe = make_pipe().value();
  auto interrupt = make_pipe().value();
  ASSERT_TRUE(write_all(interrupt.write.get(), "!"));
  const auto waited = read_to_end(pipe.read.get(), {.interrupt = interrupt.read.get()});
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code(), ECANCELED);
  ASSERT_TRUE(write_all(pipe.write.get(), "abc"));
  const auto soon = steady_clock::now() + std::chrono::milliseconds(1);
  const auto begun = read_to_end(pipe.read.get(), {.deadline = soon, .interrupt = interrupt.read.get()});
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), ETIMEDOUT);
  pipe.write.reset();
  EXPECT_EQ(read_to_end(pipe.read.get(), {.interrupt = interrupt.read.get()}).value(), "");
}

TEST(ReplacedFile, IsTheOldOneOrTheNewOne) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/state";
  ASSERT_TRUE(replace_file(path, "one"));
  EXPECT_EQ(read_file(path).value(), "one");
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
  // One that was killed has left a half.
  std::ofstream(path + ".new") << "half";
  ASSERT_TRUE(replace_file(path, "two", 0644));
  EXPECT_EQ(read_file(path).value(), "two");
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0644U);
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST(ReplacedFile, StaysIfThereIsNoRoomForTheNewOne) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/state";
  ASSERT_TRUE(replace_file(path, "one"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit few{10, before.rlim_max};
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &few), 0);
  const auto replaced = replace_file(path, std::string(100, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code(), EFBIG);
  EXPECT_EQ(read_file(path).value(), "one");
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST(ReadFile, TellsWhyItCannot) {
  const auto text = read_file("/no/such/file");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ENOENT);
  EXPECT_EQ(text.error().message(), "read '/no/such/file': No such file or directory");
  EXPECT_EQ(read_file("/").error().code(), EISDIR);
}

}  // namespace
}  // namespace qvm
