// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>

#include "qvm/base/whole_text.h"

namespace qvm {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{20};

Patience patience() {
  return {.deadline = steady_clock::now() + kPatience};
}

// What a shell writes.
std::string said_by(Program program, const std::string& script) {
  auto pipe = make_pipe().value();
  program.path = "/bin/sh";
  program.words = {"sh", "-c", script};
  program.descriptors.emplace_back(pipe.write.get(), STDOUT_FILENO);
  const auto pid = start_child(program);
  if (!pid) return pid.error().message();
  pipe.write.reset();
  auto text = read_to_end(pipe.read.get(), patience());
  ::waitpid(*pid, nullptr, 0);
  return text ? *text : text.error().message();
}

// The line of /proc/self/status with that name, of the shell.
std::string status_of(const Program& program, const std::string& name) {
  std::istringstream lines(said_by(program, "exec cat /proc/self/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ":")) return line.substr(line.find_last_of(" \t") + 1);
  }
  return "no such line";
}

TEST(ChildProcess, GetsDescriptorsUnderTheirNumbersEvenIfTheyAreEachOthers) {
  auto first = make_pipe().value();
  auto second = make_pipe().value();
  ASSERT_TRUE(write_all(first.write.get(), "one"));
  ASSERT_TRUE(write_all(second.write.get(), "two"));
  first.write.reset();
  second.write.reset();
  // Each is to have the number of the other.
  Program program;
  program.descriptors = {{first.read.get(), second.read.get()}, {second.read.get(), first.read.get()}};
  const std::string script =
      "cat <&" + std::to_string(second.read.get()) + "; cat <&" + std::to_string(first.read.get());
  EXPECT_EQ(said_by(program, script), "onetwo");
}

TEST(ChildProcess, GetsNothingElseIfThatIsWanted) {
  const int open = ::fcntl(STDERR_FILENO, F_DUPFD, 20);  // not close-on-exec
  const std::string script = "test -e /proc/self/fd/" + std::to_string(open) + " && echo open || echo closed";
  EXPECT_EQ(said_by({}, script), "open\n");
  EXPECT_EQ(said_by({.nothing_else = true}, script), "closed\n");
  ::close(open);
}

TEST(ChildProcess, HasItsOwnEnvironmentGroupAndSession) {
  ASSERT_EQ(::setenv("QVM_TEST_CHILD", "ours", 1), 0);
  EXPECT_EQ(said_by({}, "echo $QVM_TEST_CHILD"), "ours\n");
  EXPECT_EQ(said_by({.environment = {{"QVM_TEST_CHILD=its"}}}, "echo $QVM_TEST_CHILD"), "its\n");
  const auto leads = [&](Program::Group kind, const char* field) {
    std::istringstream said(
        said_by({.group = kind}, std::string("cut -d' ' -f") + field + " /proc/$$/stat; echo $$"));
    std::string leader;
    std::string itself;
    said >> leader >> itself;
    return leader == itself;
  };
  EXPECT_FALSE(leads(Program::Group::ours, "5"));
  EXPECT_TRUE(leads(Program::Group::own_group, "5"));
  EXPECT_FALSE(leads(Program::Group::own_group, "6"));
  EXPECT_TRUE(leads(Program::Group::own_session, "6"));
}

TEST(ChildProcess, HasTheSignalsThatAreWanted) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old = ::signal(SIGUSR2, SIG_IGN);
  const auto has = [](const Program& program, const char* set, int signal) {
    return (std::stoull(status_of(program, set), nullptr, 16) >> (signal - 1) & 1U) != 0;
  };
  const Program unblocked{.signals = Program::Signals::unblocked};
  const Program untouched{.signals = Program::Signals::untouched};
  EXPECT_TRUE(has({}, "SigBlk", SIGUSR1));
  EXPECT_TRUE(has({}, "SigIgn", SIGUSR2));
  EXPECT_FALSE(has(unblocked, "SigBlk", SIGUSR1));
  EXPECT_TRUE(has(unblocked, "SigIgn", SIGUSR2));
  EXPECT_FALSE(has(untouched, "SigBlk", SIGUSR1));
  EXPECT_FALSE(has(untouched, "SigIgn", SIGUSR2));
  ::signal(SIGUSR2, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(ChildProcess, SaysWhyThereIsNone) {
  const auto pid = start_child({.path = "/no/such/program", .words = {"program"}});
  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error().message(), "start '/no/such/program': No such file or directory");
  EXPECT_EQ(pid.error().code(), ENOENT);
}

// Its end of the pipe is number 3; it is nobody's child of ours, in "/", without input, and has nothing else.
TEST(BackgroundProgram, HasTheSameSurroundingsWhoeverStartsIt) {
  const UniqueFd log(::memfd_create("log", MFD_CLOEXEC));
  const std::string script =
      "echo said; cat; ls /proc/$$/fd | tr '\\n' ' ' >&3; pwd >&3; cut -d' ' -f4 /proc/$$/stat >&3";
  const auto ready = start_in_background({"/bin/sh", "-c", script}, log.get());
  ASSERT_TRUE(ready) << ready.error().message();
  const auto text = read_to_end(ready->get(), patience());
  ASSERT_TRUE(text) << text.error().message();
  std::istringstream lines(*text);
  std::string descriptors;
  std::string parent;
  std::getline(lines, descriptors);
  std::getline(lines, parent);
  EXPECT_THAT(descriptors, testing::StartsWith("0 1 2 3 "));
  EXPECT_THAT(descriptors, testing::EndsWith(" /"));
  EXPECT_NE(parent, std::to_string(::getpid()));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  ::lseek(log.get(), 0, SEEK_SET);
  EXPECT_EQ(read_all(log.get()).value(), "said\n");
}

TEST(BackgroundProgram, SaysWhyThereIsNone) {
  const UniqueFd log(::memfd_create("log", MFD_CLOEXEC));
  const auto ready = start_in_background({"/no/such/program"}, log.get());
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_EQ(read_to_end(ready->get(), patience()).value(), "execute: No such file or directory");
}

}  // namespace
}  // namespace qvm
