// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Output that cannot be written: a full disk, a closed stream, a reader that is gone.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "qvm/base/unique_fd.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kOutputLost = 74;        // qvm and its daemons
constexpr int kLintUnreadable = 3;     // the linter and the formatter
constexpr int kExampleFailure = 1;     // qvm-chat, hello-host
constexpr const char* kFile = "FILE";  // in the words of a command: a configuration

const std::string kNoRoom = "write to standard output: No space left on device\n";
const std::string kClosed = "write to standard output: Bad file descriptor\n";

// A program that becomes the one of the words after it, with streams as the redirections say.
std::vector<std::string> with_streams(const std::string& redirections) {
  return {"/bin/sh", "-c", "exec \"$@\" " + redirections, "sh"};
}

struct Command {
  std::string name;
  std::string program;
  std::vector<std::string> words;
  int status = kOutputLost;
};

void PrintTo(const Command& command, std::ostream* out) {
  *out << command.name;
}

// Everything that prints without a VM.
std::vector<Command> commands() {
  return {
      {"help", "qvm", {"--help"}},
      {"up_help", "qvm", {"up", "--help"}},
      {"regions_explain_help", "qvm", {"regions", "explain", "--help"}},
      {"version", "qvm", {"version"}},
      {"version_json", "qvm", {"version", "--json"}},
      {"ps", "qvm", {"ps"}},
      {"ps_json", "qvm", {"ps", "--json"}},
      {"regions", "qvm", {"regions"}},
      {"regions_json", "qvm", {"regions", "--json"}},
      {"explain", "qvm", {"regions", "explain", "--file", kFile, "vm", "moo"}},
      {"explain_json", "qvm", {"regions", "explain", "--json", "--file", kFile, "vm", "moo"}},
      {"plan", "qvm", {"plan", kFile}},
      {"plan_json", "qvm", {"plan", "--json", kFile}},
      {"plan_xml", "qvm", {"plan", "--xml", kFile}},
      {"doctor", "qvm", {"doctor"}},
      {"doctor_json", "qvm", {"doctor", "--json"}},
      {"down", "qvm", {"down"}},
      {"single_dryrun", "qvm", {"--accel", "tcg", std::string("@") + kFile, "dryrun"}},
      {"qvmd_help", "qvmd", {"--help"}},
      {"qvmd_version", "qvmd", {"--version"}},
      {"regiond_help", "qvm-regiond", {"--help"}},
      {"qvm_lint", "qvm", {"lint", "--list-rules"}, kLintUnreadable},
      {"qvm_lint_help", "qvm", {"lint", "--help"}, kLintUnreadable},
      {"qvm_fmt", "qvm", {"fmt", "--diff", kFile}, kLintUnreadable},
      {"qvm_fmt_help", "qvm", {"fmt", "--help"}, kLintUnreadable},
      {"lint", "qvm-lint", {"--list-options"}, kLintUnreadable},
      {"lint_version", "qvm-lint", {"--version"}, kLintUnreadable},
      {"chat_help", "qvm-chat", {"--help"}, kExampleFailure},
      {"host_help", "hello-host", {"--help"}, kExampleFailure},
  };
}

class LostOutput : public testing::TestWithParam<Command> {
 protected:
  Answer run(const std::vector<std::string>& through) {
    const std::string file =
        sandbox_.add("vm.qvmconf", guest_config("vm", "idle", {}, "logger  error stderr\n"));
    // In a directory of its own: others run at the same time.
    ProgramStart start = sandbox_.program({.directory = sandbox_.directory(), .through = through});
    start.words.back() = kPrograms + GetParam().program;
    for (std::string word : GetParam().words) {
      if (const auto at = word.find(kFile); at != std::string::npos)
        word.replace(at, std::string(kFile).size(), file);
      start.words.push_back(word);
    }
    BackgroundProgram program(start);
    const int status = program.wait(std::chrono::seconds(60));
    return {.status = status, .out = program.out(), .err = program.err()};
  }
  std::string complaint(const std::string& reason) const {
    if (GetParam().status == kLintUnreadable) return "cannot write the output\n";
    return GetParam().program + ": " + reason;
  }
  QvmSandbox sandbox_;
};

TEST_P(LostOutput, OnAFullDiskIsAFailure) {
  const Answer answer = run(with_streams("> /dev/full"));
  EXPECT_EQ(answer.status, GetParam().status) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr(complaint(kNoRoom)));
  EXPECT_EQ(lines_with(answer.err, GetParam().program + ": write to standard output").size(),
            GetParam().status == kLintUnreadable ? 0U : 1U)
      << answer.err;
}

TEST_P(LostOutput, WithAClosedStreamIsAFailure) {
  const Answer answer = run(with_streams(">&-"));
  EXPECT_EQ(answer.status, GetParam().status) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr(complaint(kClosed)));
}

TEST_P(LostOutput, CannotEvenBeComplainedAbout) {
  EXPECT_EQ(run(with_streams("> /dev/full 2> /dev/full")).status, GetParam().status);
  EXPECT_EQ(run(with_streams("<&- >&- 2>&-")).status, GetParam().status);
}

TEST_P(LostOutput, IsNoNewsToAReaderThatIsGone) {
  const Answer answer =
      run({"/bin/sh", "-c",
           "mkfifo pipe; exec 3<>pipe; exec 4>pipe; exec 3<&-; rm pipe; exec \"$@\" >&4 4>&-", "sh"});
  EXPECT_EQ(answer.status, 128 + SIGPIPE) << answer.err;
  EXPECT_THAT(answer.err, Not(HasSubstr("write to standard output")));
}

INSTANTIATE_TEST_SUITE_P(Commands, LostOutput, testing::ValuesIn(commands()),
                         [](const testing::TestParamInfo<Command>& command) { return command.param.name; });

class Output : public CliTest {
 protected:
  std::string idle() const { return sandbox_.add("idle.qvmconf", guest_config("idle", "idle")); }
  Answer qvm(const std::vector<std::string>& words, const std::string& redirections) const {
    return sandbox_.qvm(Launch{.words = words, .through = with_streams(redirections)});
  }
};

// Services ignore SIGPIPE: then the status tells, and nobody needs to read that a reader has had enough.
TEST_F(Output, ToAReaderThatIsGoneEndsQuietlyWithoutSigpipe) {
  const Answer answer = sandbox_.qvm(Launch{
      .words = {"version"},
      .directory = sandbox_.directory(),
      .through = {"/bin/sh", "-c",
                  "trap '' PIPE; mkfifo pipe; exec 3<>pipe; exec 4>pipe; exec 3<&-; exec \"$@\" >&4 4>&-",
                  "sh"}});
  EXPECT_EQ(answer.status, kOutputLost);
  EXPECT_EQ(answer.err, "");
}

TEST_F(Output, OfOtherFailuresLeavesTheirStatus) {
  const Answer answer = qvm({"down", "nobody"}, "> /dev/full");
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.err, "qvm: no VM 'nobody' is running\n");
}

// Not an empty configuration.
TEST_F(Output, IsNoneOfAnInputThatCannotBeRead) {
  for (const char* command : {"fmt", "lint"}) {
    const Answer directory = qvm({command, "-"}, "< /");
    EXPECT_EQ(directory.status, kLintUnreadable) << command;
    EXPECT_THAT(directory.err, HasSubstr("cannot read standard input: Is a directory")) << command;
    const Answer closed = qvm({command, "-"}, "<&-");
    EXPECT_EQ(closed.status, kLintUnreadable) << command;
    EXPECT_THAT(closed.err, HasSubstr("cannot read standard input: ")) << command;
  }
}

// A complaint that nobody can read is no reason to crash.
TEST_F(Output, OfComplaintsMayBeLost) {
  for (const char* where : {"2> /dev/full", "2>&-", "> /dev/full 2> /dev/full"}) {
    EXPECT_EQ(qvm({"down", "nobody"}, where).status, 1) << where;
    EXPECT_EQ(qvm({"plan", "/nonexistent.qvmconf"}, where).status, 65) << where;
    EXPECT_EQ(qvm({"nonsense"}, where).status, 2) << where;
    for (const auto& [program, words, status] :
         std::vector<std::tuple<std::string, std::vector<std::string>, int>>{
             {"qvmd", {"--runtime-dir", "/proc/nonexistent"}, 1},
             {"qvmd", {"nonsense"}, 2},
             {"qvm-relay", {"nonsense"}, 2},
             {"qvm-regiond", {"nonsense"}, 2}}) {
      ProgramStart start{.words = with_streams(where)};
      start.words.push_back(kPrograms + program);
      start.words.insert(start.words.end(), words.begin(), words.end());
      BackgroundProgram ended(start);
      EXPECT_EQ(ended.wait(), status) << program << " " << where;
    }
  }
}

// With a closed stream: what is connected to qvmd or opened must not take its place, and be printed into.
TEST_F(Output, OfTheVmsIsLostAndTheyRunAllTheSame) {
  const Answer up = qvm({"up", "--detach", "--accel", usual_accelerator(), idle()}, "> /dev/full");
  EXPECT_EQ(up.status, kOutputLost) << up.err;
  EXPECT_THAT(up.err, HasSubstr("qvm: " + kNoRoom));
  EXPECT_THAT(sandbox_.qvm({"ps"}).out, HasSubstr("running"));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"ps"}, {"regions"}, {"logs", "idle"}, {"logs", "--follow", "idle"}, {"console", "idle"}}) {
    const Answer answer = qvm(words, "> /dev/full");
    EXPECT_EQ(answer.status, kOutputLost) << words.front() << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("qvm: " + kNoRoom)) << words.front();
    const Answer closed = qvm(words, ">&-");
    EXPECT_EQ(closed.status, kOutputLost) << words.front() << closed.err;
    EXPECT_THAT(closed.err, HasSubstr("qvm: " + kClosed)) << words.front();
  }
  for (const char* program : {"qvm-chat", "hello-host"}) {
    for (const auto& [where, reason] : {std::pair{"> /dev/full", kNoRoom}, std::pair{">&-", kClosed}}) {
      ProgramStart start = sandbox_.program({.through = with_streams(where)});
      start.words.back() = std::string(kPrograms) + program;
      BackgroundProgram talking(start);
      EXPECT_EQ(talking.wait(), kExampleFailure) << program << where << talking.err();
      EXPECT_EQ(talking.err(), program + (": " + reason)) << where;
    }
  }
  const Answer down = qvm({"down"}, "> /dev/full");
  EXPECT_EQ(down.status, kOutputLost) << down.err;
  EXPECT_TRUE(sandbox_.nothing_left());
}

// As when a terminal hangs up: a signal, and nothing can be printed any more.
TEST_F(Output, ThatHangsUpStopsTheVmsInOrder) {
  ProgramStart start = sandbox_.program({.words = {"up", "--accel", usual_accelerator(), idle()},
                                         .through = with_streams("> /dev/full 2> /dev/full")});
  BackgroundProgram up(start);
  ASSERT_TRUE(sandbox_.wait_until_started("idle"));
  up.signal(SIGHUP);
  EXPECT_EQ(up.wait(), 128 + SIGHUP);
  EXPECT_TRUE(sandbox_.nothing_left());
}

// As of a terminal that was stopped (Ctrl-S), or a pipe into something that is busy.
TEST_F(Output, ThatNobodyReadsHoldsUpNoSignal) {
  const std::string pipe = sandbox_.directory() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const UniqueFd full(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const std::string block(4096, 'x');
  while (::write(full.get(), block.data(), block.size()) > 0) {
  }
  const std::string file = idle();
  for (const char* streams : {"> '", "2> '"}) {
    BackgroundProgram up(sandbox_.program({.words = {"up", "--accel", usual_accelerator(), file},
                                           .through = with_streams(streams + pipe + "'")}));
    ASSERT_TRUE(sandbox_.wait_until_started("idle"));
    up.signal(SIGINT);
    EXPECT_EQ(up.wait(), 128 + SIGINT);
    EXPECT_TRUE(sandbox_.nothing_left());
  }
}

// nohup ignores SIGHUP, and a script SIGINT and SIGQUIT for what it starts in the background.
TEST_F(Output, OfWhatIgnoresASignalGoesOn) {
  const std::vector<std::string> ignoring = {"/bin/sh", "-c", "trap '' HUP INT QUIT; exec \"$@\"", "sh"};
  const std::string file = idle();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"up", "--accel", usual_accelerator(), file},
        std::vector<std::string>{"--accel", usual_accelerator(), "@" + file}}) {
    BackgroundProgram running(sandbox_.program({.words = words, .through = ignoring}));
    ASSERT_TRUE(sandbox_.wait_until_started("idle")) << running.err();
    for (const int ignored : {SIGHUP, SIGINT, SIGQUIT}) running.signal(ignored);
    EXPECT_THAT(sandbox_.qvm({"ps"}).out, HasSubstr("running"));
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(), words.front() == "up" ? 128 + SIGTERM : 0) << running.err();
    EXPECT_TRUE(sandbox_.nothing_left());
  }
}

}  // namespace
}  // namespace qvm::test
