// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-relay between a socket, as QEMU holds it, and every kind of host side.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "qvm/base/unique_fd.h"
#include "tests/support/file_content.h"
#include "tests/support/temporary_directory.h"

namespace qvm::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// Reads until the text is there, the other end is closed or 10 s are over.
std::string read_until(int fd, const std::string& text) {
  std::string got;
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (got.find(text) == std::string::npos && std::chrono::steady_clock::now() < end) {
    pollfd one{fd, POLLIN, 0};
    if (::poll(&one, 1, 100) <= 0) continue;
    std::array<char, 4096> piece;
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) break;
    if (count > 0) got.append(piece.data(), static_cast<std::size_t>(count));
  }
  return got;
}

void put(int fd, const std::string& text) {
  EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// One relay; its guest is the test.
class RelayRun {
 public:
  RelayRun(const std::string& log, std::vector<std::string> words) {
    words.insert(words.begin(), {QVM_BINARY_DIR "/bin/qvm-relay", "--vdev", "ser8250-0"});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::array<int, 2> sockets{};
    std::array<int, 2> pipe{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const UniqueFd theirs(sockets[1]);
    UniqueFd answer(pipe[1]);
    const UniqueFd read_end(pipe[0]);
    const UniqueFd log_file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    x_guest.reset(sockets[0]);
    x_pid = ::fork();
    if (x_pid == 0) {
      ::dup2(theirs.get(), STDIN_FILENO);
      ::dup2(answer.get(), STDOUT_FILENO);
      ::dup2(log_file.get(), STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    answer.reset();
    x_answer = read_until(read_end.get(), "\n");  // there is none: until its end
  }
  ~RelayRun() {
    if (x_pid <= 0) return;
    ::kill(x_pid, SIGKILL);
    ::waitpid(x_pid, nullptr, 0);
  }
  RelayRun(const RelayRun&) = delete;
  RelayRun& operator=(const RelayRun&) = delete;

  int guest() const { return x_guest.get(); }
  // "1" and a terminal, or why not.
  const std::string& answer() const { return x_answer; }
  // Until it has taken everything that the guest wrote and waits for something else to happen.
  void wait_until_idle() const {
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    for (int calm = 0; calm < 3; ++calm) {
      if (!waits() || unread() != 0) calm = -1;
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "the relay is busy, or has died";
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  // The VM's end, and the relay's exit status after it.
  int end() {
    hang_up();
    return wait();
  }
  void hang_up() { x_guest.reset(); }
  int wait() {
    int status = 0;
    ::waitpid(x_pid, &status, 0);
    x_pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  // Its only thread sleeps in the kernel.
  bool waits() const {
    const std::string stat = content_of("/proc/" + std::to_string(x_pid) + "/stat");
    const std::size_t name_end = stat.rfind(") ");
    return name_end != std::string::npos && stat[name_end + 2] == 'S';
  }
  int unread() const {
    int bytes = 0;
    return x_guest && ::ioctl(x_guest.get(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
  }

  UniqueFd x_guest;
  std::string x_answer;
  pid_t x_pid = 0;
};

class RelayTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string log() const { return content_of(path("log")); }
  RelayRun relay(const std::vector<std::string>& words) const { return RelayRun(path("log"), words); }
  void add(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  std::string pipe(const std::string& name) const {
    EXPECT_EQ(::mkfifo(path(name).c_str(), 0600), 0);
    return path(name);
  }

  TemporaryDirectory directory_;
};

TEST_F(RelayTest, OutputGoesToAFileThatIsMade) {
  add("out", "what was there before");
  RelayRun run = relay({"--output", path("out")});
  ASSERT_EQ(run.answer(), "1");
  put(run.guest(), "hello ");
  put(run.guest(), std::string("and\0bye", 7));
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), std::string("hello and\0bye", 13));
}

TEST_F(RelayTest, NothingOfABigOutputIsLostAtTheEnd) {
  RelayRun run = relay({"--output", path("out")});
  std::string expected;
  for (int i = 0; i < 40'000; ++i) expected += "line " + std::to_string(i) + "\n";
  put(run.guest(), expected);
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), expected);
}

TEST_F(RelayTest, InputComesFromAFile) {
  add("in", "typed by nobody\n");
  RelayRun run = relay({"--input", path("in")});
  EXPECT_EQ(read_until(run.guest(), "\n"), "typed by nobody\n");
  put(run.guest(), "lost");
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, InputAndOutputMayBeTwoFiles) {
  add("in", "question\n");
  RelayRun run = relay({"--input", path("in"), "--output", path("out")});
  EXPECT_EQ(read_until(run.guest(), "\n"), "question\n");
  put(run.guest(), "answer\n");
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), "answer\n");
}

TEST_F(RelayTest, OneFileForBothGivesWhatItHadAndTakesWhatComes) {
  add("both", "old\n");
  RelayRun run = relay({"--input", path("both"), "--output", path("both")});
  EXPECT_EQ(read_until(run.guest(), "\n"), "old\n");
  put(run.guest(), "new\n");
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("both")), "old\nnew\n");
}

TEST_F(RelayTest, WritersMayComeAndGoAtAPipe) {
  RelayRun run = relay({"--input", pipe("in")});
  for (const char* text : {"one\n", "two\n"}) {
    const UniqueFd writer(::open(path("in").c_str(), O_WRONLY));
    put(writer.get(), text);
    EXPECT_EQ(read_until(run.guest(), "\n"), text);
  }
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, ReaderOfAPipeMayComeLater) {
  RelayRun run = relay({"--output", pipe("out")});
  put(run.guest(), "early\n");
  const UniqueFd reader(::open(path("out").c_str(), O_RDONLY));
  EXPECT_EQ(read_until(reader.get(), "\n"), "early\n");
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, TwoPipesAreOneHostSide) {
  pipe("both.in");
  pipe("both.out");
  RelayRun run = relay({"--input", path("both"), "--output", path("both")});
  ASSERT_EQ(run.answer(), "1");
  const UniqueFd writer(::open(path("both.in").c_str(), O_WRONLY));
  const UniqueFd reader(::open(path("both.out").c_str(), O_RDONLY));
  put(writer.get(), "in\n");
  EXPECT_EQ(read_until(run.guest(), "\n"), "in\n");
  put(run.guest(), "out\n");
  EXPECT_EQ(read_until(reader.get(), "\n"), "out\n");
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, OnePipeForBothIsRefused) {
  pipe("both");
  RelayRun run = relay({"--input", path("both"), "--output", path("both")});
  EXPECT_EQ(run.answer(), "pipe '" + path("both") + "' would give back what the guest writes: make two, '" +
                              path("both.in") + "' and '" + path("both.out") +
                              "', or name two with 'hostdev <INPUT hostdev >OUTPUT'");
  EXPECT_EQ(run.wait(), 1);
}

TEST_F(RelayTest, WhatIsMissingIsNamed) {
  RelayRun run = relay({"--input", path("missing")});
  EXPECT_THAT(run.answer(), HasSubstr("open '" + path("missing") + "' as "));
  EXPECT_THAT(run.answer(), HasSubstr(": No such file or directory"));
  EXPECT_EQ(run.wait(), 1);
}

TEST_F(RelayTest, ADirectoryIsNoHostSide) {
  RelayRun run = relay({"--input", directory_.path()});
  EXPECT_EQ(run.answer(), "'" + directory_.path() + "' is a directory");
  EXPECT_EQ(run.wait(), 1);
}

TEST_F(RelayTest, MissingDeviceIsNotMadeUp) {
  RelayRun run = relay({"--output", "/dev/no-such-device"});
  EXPECT_THAT(run.answer(), HasSubstr("No such file or directory"));
  EXPECT_EQ(run.wait(), 1);
  EXPECT_NE(::access("/dev/no-such-device", F_OK), 0);
}

TEST_F(RelayTest, ProgramsComeAndGoAtATerminal) {
  RelayRun run = relay({"--terminal", "1"});
  ASSERT_THAT(run.answer(), testing::StartsWith("1/dev/pts/"));
  for (const char* name : {"first", "second"}) {
    put(run.guest(), "nobody hears this\n");
    run.wait_until_idle();
    const UniqueFd program(::open(run.answer().substr(1).c_str(), O_RDWR | O_NOCTTY));
    ASSERT_TRUE(program);
    put(program.get(), std::string(name) + "\n");
    EXPECT_EQ(read_until(run.guest(), "\n"), std::string(name) + "\n");
    put(run.guest(), "hello " + std::string(name) + "\n");
    EXPECT_EQ(read_until(program.get(), "\n"), "hello " + std::string(name) + "\n");
  }
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, LastWordsAtATerminalAreReadBeforeItGoes) {
  RelayRun run = relay({"--terminal", "1"});
  const UniqueFd program(::open(run.answer().substr(1).c_str(), O_RDWR | O_NOCTTY));
  put(run.guest(), "the end\n");
  run.hang_up();
  run.wait_until_idle();
  EXPECT_EQ(read_until(program.get(), "\n"), "the end\n");
  EXPECT_EQ(run.wait(), 0);
}

TEST_F(RelayTest, CommandGetsTheOutputAndTheTimeToEnd) {
  RelayRun run =
      relay({"--command", "pwd >out; cat >>out; echo end >>out", "--directory", directory_.path()});
  ASSERT_EQ(run.answer(), "1");
  put(run.guest(), "hello\n");
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), directory_.path() + "\nhello\nend\n");
}

TEST_F(RelayTest, CommandAndInputGoTogether) {
  add("in", "question\n");
  RelayRun run = relay({"--input", path("in"), "--command", "cat >out", "--directory", directory_.path()});
  EXPECT_EQ(read_until(run.guest(), "\n"), "question\n");
  put(run.guest(), "answer\n");
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), "answer\n");
}

TEST_F(RelayTest, EndOfACommandIsTold) {
  RelayRun run = relay({"--command", "read line; echo $line is enough; exit 3", "--directory", "/"});
  put(run.guest(), "one\ntwo\n");
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(log(), HasSubstr("one is enough\n"));
  EXPECT_THAT(log(), HasSubstr("ser8250-0: the command 'read line; echo $line is enough; exit 3' ended with "
                               "status 3: what the guest writes from now on is lost"));
}

TEST_F(RelayTest, CommandThatDoesNotEndIsEnded) {
  RelayRun run = relay({"--command", "trap '' TERM; echo $$ >pid; while :; do sleep 1; done", "--directory",
                        directory_.path()});
  for (int i = 0; i < 100 && content_of(path("pid")).empty(); ++i)
    std::this_thread::sleep_for(milliseconds(50));
  const pid_t shell = std::stoi(content_of(path("pid")));
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(::kill(shell, 0), -1);
  EXPECT_THAT(log(), HasSubstr("was ended by signal 9"));
}

TEST_F(RelayTest, DirectoryOfACommandMustBeThere) {
  RelayRun run = relay({"--command", "cat", "--directory", path("nowhere")});
  EXPECT_THAT(run.answer(), HasSubstr("run 'cat' in '" + path("nowhere") + "' as "));
  EXPECT_EQ(run.wait(), 1);
}

TEST_F(RelayTest, DelayedIsOpenedWhenTheGuestWrites) {
  RelayRun run = relay({"--output", path("later/out"), "--delay", "10"});
  ASSERT_EQ(run.answer(), "1");
  put(run.guest(), "kept\n");
  run.wait_until_idle();
  ASSERT_EQ(::mkdir(path("later").c_str(), 0700), 0);
  for (int i = 0; i < 100 && content_of(path("later/out")).empty(); ++i)
    std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(content_of(path("later/out")), "kept\n");
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, DelayedIsNotOpenedForAGuestThatIsSilent) {
  RelayRun run = relay({"--output", path("out"), "--delay", "10"});
  run.wait_until_idle();
  EXPECT_EQ(run.end(), 0);
  EXPECT_NE(::access(path("out").c_str(), F_OK), 0);
}

TEST_F(RelayTest, DelayedInputIsWaitedFor) {
  RelayRun run = relay({"--input", path("in"), "--delay", "10"});
  ASSERT_EQ(run.answer(), "1");
  run.wait_until_idle();
  add("new", "here at last\n");
  ASSERT_EQ(::rename(path("new").c_str(), path("in").c_str()), 0);
  EXPECT_EQ(read_until(run.guest(), "\n"), "here at last\n");
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, DelayOfNothingTriesOnce) {
  RelayRun run = relay({"--output", path("nowhere/out"), "--delay", "0"});
  ASSERT_EQ(run.answer(), "1");
  put(run.guest(), "lost\n");
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(log(), HasSubstr("ser8250-0: after 0 s: open '" + path("nowhere/out") + "' as "));
}

TEST_F(RelayTest, BatchCollectsOutput) {
  RelayRun run = relay({"--output", pipe("out"), "--batch", "400000"});
  const UniqueFd reader(::open(path("out").c_str(), O_RDONLY));
  put(run.guest(), "a");
  run.wait_until_idle();
  put(run.guest(), "b");
  std::array<char, 16> piece;
  EXPECT_EQ(::read(reader.get(), piece.data(), piece.size()), 2);
  EXPECT_EQ(run.end(), 0);
}

TEST_F(RelayTest, OpensWithTheRightsOfTheVmsUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  add("secret", "root's\n");
  ASSERT_EQ(::chmod(path("secret").c_str(), 0600), 0);
  RelayRun refused = relay({"--input", path("secret"), "--identity", "65534,65534"});
  EXPECT_THAT(refused.answer(), testing::ContainsRegex("as (user '[a-z]+'|uid 65534): Permission denied"));
  EXPECT_EQ(refused.wait(), 1);
  RelayRun run = relay({"--command", "id -u >out; id -G >>out", "--directory", directory_.path(),
                        "--identity", "65534,65534,7"});
  EXPECT_EQ(run.end(), 0);
  EXPECT_EQ(content_of(path("out")), "65534\n65534 7\n");
  struct stat facts {};
  ASSERT_EQ(::stat(path("out").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, 65534U);
}

}  // namespace
}  // namespace qvm::test
