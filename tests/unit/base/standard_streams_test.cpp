// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace qvm {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

// Each test is the end of a process of its own, whose standard output is given here.
void become_output(int fd) {
  ::dup2(fd, STDOUT_FILENO);
}
void become_full_disk() {
  become_output(::open("/dev/full", O_WRONLY | O_CLOEXEC));
}
void become_pipe_without_reader() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::_Exit(99);
  become_output(ends[1]);
  ::close(ends[1]);
  ::close(ends[0]);
}

// Standard error is a file as well here, and has room.
void become_file_that_may_not_grow() {
  constexpr rlim_t kLimit = 4096;
  const rlimit limit{kLimit, kLimit};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  become_output(::open("/tmp", O_WRONLY | O_TMPFILE, 0600));
  ::lseek(STDOUT_FILENO, kLimit, SEEK_SET);
}

constexpr const char* kNoRoom = "^test: write to standard output: No space left on device\n$";

TEST(StandardStreams, LostOutputIsAFailureOfItsOwn) {
  EXPECT_EXIT(
      {
        become_full_disk();
        const bool written = write_output("text\n");
        std::_Exit(written ? 98 : end_output("test", 0));
      },
      ExitedWithCode(kOutputLost), kNoRoom);
}

TEST(StandardStreams, LostOutputLeavesAnotherFailure) {
  EXPECT_EXIT(
      {
        become_full_disk();
        write_output("text\n");
        std::_Exit(end_output("test", 5));
      },
      ExitedWithCode(5), kNoRoom);
}

TEST(StandardStreams, KnowWhatOthersHavePrinted) {
  EXPECT_EXIT(
      {
        become_full_disk();
        std::cout << "text\n";
        std::_Exit(end_output("test", 0));
      },
      ExitedWithCode(kOutputLost), kNoRoom);
}

TEST(StandardStreams, AFileThatMayNotGrowIsLostOutput) {
  EXPECT_EXIT(
      {
        become_file_that_may_not_grow();
        begin_output();
        write_output("text\n");
        std::_Exit(end_output("test", 0));
      },
      ExitedWithCode(kOutputLost), "^test: write to standard output: File too large\n$");
}

TEST(StandardStreams, NothingToPrintIsNothingLost) {
  EXPECT_EXIT(
      {
        become_full_disk();
        std::_Exit(end_output("test", 0));
      },
      ExitedWithCode(0), "^$");
}

TEST(StandardStreams, AReaderThatIsGoneEndsTheProgram) {
  EXPECT_EXIT(
      {
        ::signal(SIGPIPE, SIG_DFL);
        become_pipe_without_reader();
        write_output("text\n");
        std::_Exit(98);
      },
      KilledBySignal(SIGPIPE), "^$");
}

TEST(StandardStreams, AReaderThatIsGoneIsNotComplainedAbout) {
  EXPECT_EXIT(
      {
        ::signal(SIGPIPE, SIG_IGN);
        become_pipe_without_reader();
        write_output("text\n");
        std::_Exit(end_output("test", 0));
      },
      ExitedWithCode(kOutputLost), "^$");
}

TEST(StandardStreams, AClosedOneIsNotTakenByAFile) {
  EXPECT_EXIT(
      {
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::close(fd);
        begin_output();
        if (::open("/dev/null", O_RDWR | O_CLOEXEC) <= STDERR_FILENO) std::_Exit(97);
        char byte = 0;
        if (::read(STDIN_FILENO, &byte, 1) != -1) std::_Exit(98);
        write_output("text\n");
        std::_Exit(end_output("test", 0));
      },
      ExitedWithCode(kOutputLost), "^test: write to standard output: Bad file descriptor\n$");
}

TEST(StandardStreams, OpenOnesStayWhatTheyAre) {
  EXPECT_EXIT(
      {
        begin_output();
        write_complaint("test", "still here");
        std::_Exit(0);
      },
      ExitedWithCode(0), "^test: still here\n$");
}

// Exit status 0 if as many bytes come before the end.
[[noreturn]] void read_expected(int fd, std::size_t bytes) {
  std::array<char, 4096> buffer{};
  std::size_t arrived = 0;
  for (ssize_t count = 1; count > 0;) {
    count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) arrived += static_cast<std::size_t>(count);
  }
  std::_Exit(arrived == bytes ? 0 : 98);
}

// Far more than a pipe holds. Exit status 0 if its reader got all of it.
[[noreturn]] void print_into_a_non_blocking_pipe() {
  const std::string text(1 << 20, 'x');
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::_Exit(99);
  const pid_t reader = ::fork();
  if (reader == 0) {
    ::close(ends[1]);
    read_expected(ends[0], text.size());
  }
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  become_output(ends[1]);
  ::close(ends[1]);
  const bool written = write_output(text);
  ::close(STDOUT_FILENO);
  int status = -1;
  ::waitpid(reader, &status, 0);
  std::_Exit(written && status == 0 ? 0 : 97);
}

// As a terminal is that another program has made so.
TEST(StandardStreams, ANonBlockingOneIsWaitedFor) {
  EXPECT_EXIT(print_into_a_non_blocking_pipe(), ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace qvm
