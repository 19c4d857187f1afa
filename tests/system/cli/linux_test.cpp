// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The examples with Linux guests. Under TCG only: a KVM in software would take minutes to boot a Linux.
#include <filesystem>

#include "tests/support/linux_guest.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::MatchesRegex;

constexpr seconds kPatience{100};

class LinuxExample : public CliTest {
 protected:
  void SetUp() override {
    const auto images = linux_images();
    if (!images) GTEST_SKIP() << images.error().message();
    x_images = std::filesystem::path(images->kernel).parent_path();
  }
  ProgramStart up(std::vector<std::string> words) const {
    words.insert(words.begin(), {"up", "--accel", "tcg"});
    return sandbox_.program({.words = std::move(words), .environment = {{"QVM_LINUX", x_images}}});
  }
  ProgramStart host_program(const std::string& name, const std::vector<std::string>& words) const {
    ProgramStart start{.words = {std::string(kPrograms) + name},
                       .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}};
    start.words.insert(start.words.end(), words.begin(), words.end());
    return start;
  }
  static std::string example(const std::string& file) { return std::string(kExamples) + "linux/" + file; }

 private:
  std::string x_images;
};

TEST_F(LinuxExample, TalksWithAFreestandingGuestAndTheHost) {
  BackgroundProgram host(host_program("hello-host", {"--wait"}));
  BackgroundProgram set(up({example("system.yaml")}));
  ASSERT_EQ(set.wait(kPatience), 0) << set.out() << set.err();
  EXPECT_EQ(host.wait(), 0) << host.out() << host.err();
  for (const char* peer : {"host", "right"}) {
    EXPECT_THAT(
        lines_with(set.out(), "penguin | "),
        Contains(MatchesRegex(std::string("client [0-9] \\(") + peer + "\\) says: hello, I am " + peer)));
  }
  EXPECT_THAT(lines_with(set.out(), "right   | "),
              Contains(MatchesRegex("client [0-9] \\(penguin\\) says: hello, I am penguin")));
  EXPECT_THAT(lines_with(host.out(), ""),
              Contains(MatchesRegex("client [0-9] \\(penguin\\) says: hello, I am penguin")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(LinuxExample, TwoGuestsChat) {
  BackgroundProgram set(up({"--detach", example("chat.yaml")}));
  ASSERT_EQ(set.wait(kPatience), 0) << set.err();
  BackgroundProgram ann(sandbox_.program({.words = {"console", "ann"}}));
  BackgroundProgram bob(sandbox_.program({.words = {"console", "bob"}}));
  ASSERT_TRUE(ann.wait_for("* 1 is here", kPatience)) << ann.out();
  ASSERT_TRUE(bob.wait_for("* 1 is here", kPatience)) << bob.out();
  ann.type("hello bob\n");
  EXPECT_TRUE(bob.wait_for(": hello bob", kPatience)) << bob.out();
  bob.type("hello ann\n");
  EXPECT_TRUE(ann.wait_for(": hello ann", kPatience)) << ann.out();
  bob.type("\004");  // the end of its input: the guest powers off
  EXPECT_TRUE(ann.wait_for(" has left", kPatience)) << ann.out();
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
