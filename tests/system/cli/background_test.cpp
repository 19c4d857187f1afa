// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `up --detach`, and the commands about VMs that run in the background.
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Both guests of the hello system are attached and wait for a third.
class Background : public CliTest {
 protected:
  void SetUp() override {
    const Answer up = sandbox_.qvm(
        {"up", "--detach", "--accel", usual_accelerator(), std::string(kExamples) + "hello/three.yaml"});
    ASSERT_EQ(up.status, 0) << up.err;
    EXPECT_THAT(up.out, HasSubstr("left  | * running (pid "));
    EXPECT_THAT(up.out, HasSubstr("right | * running (pid "));
    for (const char* guest : {"left", "right"}) {
      BackgroundProgram log(sandbox_.program({.words = {"logs", "--follow", guest}}));
      ASSERT_TRUE(log.wait_for("whispers: only you are poked")) << log.out() << log.err();
      log.signal(SIGINT);
      EXPECT_EQ(log.wait(), 0);
    }
  }
};

TEST_F(Background, CanBeAskedAboutAndStopped) {
  const Answer ps = sandbox_.qvm({"ps", "--json"});
  EXPECT_EQ(ps.status, 0) << ps.err;
  EXPECT_EQ(schema_violations("ps.schema.json", ps.out), "");
  const auto vms = nlohmann::json::parse(ps.out).at("vms");
  ASSERT_EQ(vms.size(), 2U);
  EXPECT_EQ(vms[0].at("name"), "left");
  EXPECT_EQ(vms[0].at("state"), "running");
  EXPECT_THAT(sandbox_.processes(kQemu), testing::Contains(vms[0].at("pid").get<pid_t>()));
  EXPECT_THAT(lines_with(sandbox_.qvm({"ps"}).out, "right  "), ElementsAre(StartsWith("running ")));

  const Answer regions = sandbox_.qvm({"regions", "--json"});
  EXPECT_EQ(regions.status, 0) << regions.err;
  EXPECT_EQ(schema_violations("regions.schema.json", regions.out), "");
  const std::string table = sandbox_.qvm({"regions"}).out;
  EXPECT_THAT(table, HasSubstr("\nmoo "));
  EXPECT_THAT(table, HasSubstr(":left/shmem0"));
  EXPECT_THAT(table, HasSubstr(":right/shmem0"));

  const Answer why = sandbox_.qvm({"regions", "explain", "--json", "left", "moo"});
  EXPECT_EQ(why.status, 0) << why.err;
  EXPECT_EQ(schema_violations("explanation.schema.json", why.out), "");
  EXPECT_EQ(nlohmann::json::parse(why.out).at("explanations").at(0).at("verdict"), "granted");

  const Answer down = sandbox_.qvm({"down"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_EQ(down.out, "left: stopped\nright: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
  EXPECT_THAT(sandbox_.qvm({"logs", "left"}).out, StartsWith("attached to 'moo'"));
}

TEST_F(Background, ShowsItsConsole) {
  BackgroundProgram console(sandbox_.program({.words = {"console", "left"}}));
  EXPECT_TRUE(console.wait_for("whispers: only you are poked"));
  console.type("nobody reads this\n");
  console.signal(SIGTERM);
  EXPECT_EQ(console.wait(), 0) << console.err();
  // It ends by itself when the VM does.
  BackgroundProgram another(sandbox_.program({.words = {"console", "right"}}));
  EXPECT_TRUE(another.wait_for("whispers: only you are poked"));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_EQ(another.wait(), 0) << another.err();
}

TEST_F(Background, StopsOneAndRemembersHowItEnded) {
  EXPECT_EQ(sandbox_.qvm({"down", "left"}).out, "left: stopped\n");
  EXPECT_THAT(lines_with(sandbox_.qvm({"ps"}).out, "left "), ElementsAre(HasSubstr("stopped  ")));
  const Answer ps = sandbox_.qvm({"ps", "--json"});
  EXPECT_EQ(schema_violations("ps.schema.json", ps.out), "");
  EXPECT_EQ(nlohmann::json::parse(ps.out).at("vms").at(0).at("outcome"), "stopped");
  EXPECT_EQ(sandbox_.qvm({"console", "left"}).err, "qvm: VM 'left' is not running\n");
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

using NothingRuns = CliTest;

TEST_F(NothingRuns, CommandsSaySoAndStartNothing) {
  const Answer ps = sandbox_.qvm({"ps", "--json"});
  EXPECT_EQ(ps.status, 0);
  EXPECT_EQ(schema_violations("ps.schema.json", ps.out), "");
  const Answer regions = sandbox_.qvm({"regions", "--json"});
  EXPECT_EQ(regions.status, 0);
  EXPECT_EQ(schema_violations("regions.schema.json", regions.out), "");
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "no VM is running\n");
  const Answer down = sandbox_.qvm({"down", "left"});
  EXPECT_EQ(down.status, 1);
  EXPECT_EQ(down.err, "qvm: no VM 'left' is running\n");
  const Answer console = sandbox_.qvm({"console", "left"});
  EXPECT_EQ(console.status, 1);
  EXPECT_EQ(console.err, "qvm: VM 'left' is not running\n");
  const Answer logs = sandbox_.qvm({"logs", "left"});
  EXPECT_EQ(logs.status, 1);
  EXPECT_THAT(complaints(logs), ElementsAre(StartsWith("there is no console log of a VM 'left'")));
  EXPECT_THAT(sandbox_.processes(), IsEmpty());
}

}  // namespace
}  // namespace qvm::test
