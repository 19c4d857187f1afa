// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// An installation may be anywhere: where the users of VMs cannot get to, on a read-only file system, in
// folders with odd names.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/own_mounts.h"
#include "tests/system/cli/cli_fixture.h"
#include "tests/system/cli/conversation.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Anywhere : public CliTest {
 protected:
  // Copies what is installed, and the hello system, into a folder below a new one with that mode.
  void install(unsigned mode) {
    const fs::path top = fs::path(sandbox_.directory()) / "mine, \xc3\xa4nd not yours";
    fs::create_directory(top);
    prefix_ = top / "qvm";
    for (const char* folder : {"bin", "lib/qvm", "share/qvm/guests"})
      fs::create_directories(prefix_ / folder);
    for (const char* program : {"qvm", "qvmd", "qvm-regiond", "qvm-relay"})
      fs::copy(fs::path(kPrograms) / program, prefix_ / "bin");
    for (const char* plugin : {"libqvm-vmhost.so", "vdev-shmem.so"})
      fs::copy(fs::path(QVM_BINARY_DIR) / "lib/qvm" / plugin, prefix_ / "lib/qvm");
    for (const char* guest : {"hello.elf", "idle.elf", "trouble.elf"})
      fs::copy(fs::path(QVM_BINARY_DIR) / "share/qvm/guests" / guest, prefix_ / "share/qvm/guests");
    fs::copy(std::string(kExamples) + "hello", prefix_ / "hello");
    fs::permissions(top, static_cast<fs::perms>(mode));
  }
  Answer run(Launch launch) const {
    ProgramStart start = sandbox_.program(launch);
    start.words[0] = prefix_ / "bin/qvm";
    BackgroundProgram program(start);
    const int status = program.wait(std::chrono::seconds(60));
    return {.status = status, .out = program.out(), .err = program.err()};
  }
  Answer run(const std::vector<std::string>& words) const { return run(Launch{.words = words}); }
  std::vector<std::string> up_hello() const {
    return {"up", "--accel", "tcg", prefix_ / "hello/system.yaml"};
  }
  static void expect_hello(const Answer& answer) {
    EXPECT_EQ(answer.status, 0) << answer.err;
    expect_conversation(answer.out, "left  | ", "left", "right");
    expect_conversation(answer.out, "right | ", "right", "left");
  }
  std::set<std::string> staged_files() const {
    std::set<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(sandbox_.runtime() + "/staged", none)) {
      const std::string name = entry.path().filename();
      names.insert(name.substr(name.find('-') + 1));
    }
    return names;
  }
  // From where the VMs' processes have their plugins.
  std::set<std::string> loaded_objects() const {
    std::set<std::string> objects;
    for (const pid_t pid : sandbox_.processes(kQemu)) {
      std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
      for (std::string line; std::getline(maps, line);) {
        if (line.find("vdev-") != std::string::npos || line.find("libqvm-") != std::string::npos)
          objects.insert(line.substr(line.find('/')));
      }
    }
    return objects;
  }

  OwnMounts mounts_;
  fs::path prefix_;
};

TEST_F(Anywhere, RunsBelowADirectoryThatVmsCannotEnter) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give VMs users of their own";
  install(0700);
  const Answer answer = run(up_hello());
  EXPECT_EQ(answer.err, "");
  expect_hello(answer);
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Anywhere, RunsFromAReadOnlyFileSystem) {
  install(0700);
  if (!mounts_.begin() || !mounts_.make_read_only(prefix_)) GTEST_SKIP() << "nothing can be mounted here";
  ASSERT_FALSE(std::ofstream(prefix_ / "hello/new"));
  expect_hello(run(up_hello()));
  // From there, too.
  expect_hello(run(
      {.words = {"up", "--accel", "tcg", "left.qvmconf", "right.qvmconf"}, .directory = prefix_ / "hello"}));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Anywhere, RunsForAUserWithoutRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  install(0755);
  const std::string home = sandbox_.directory() + "/home";
  for (const std::string& own : {home, sandbox_.runtime()}) {
    fs::create_directory(own);
    ASSERT_EQ(::chown(own.c_str(), kNobody, kNobody), 0);
  }
  const std::map<std::string, std::optional<std::string>> environment = {
      {"HOME", home}, {"QVM_CACHE_DIR", std::nullopt}, {"XDG_CACHE_HOME", std::nullopt}};
  expect_hello(run({.words = up_hello(), .environment = environment, .uid = kNobody, .directory = "/"}));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Anywhere, OneCopyServesAllVmsAndTheNextDaemon) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give VMs users of their own";
  install(0700);
  const auto up = [this](const std::string& name) {
    const std::string file = sandbox_.add(name + ".qvmconf", guest_config(name, "idle"));
    const Answer answer = run({"up", "--accel", "tcg", "--detach", file});
    EXPECT_EQ(answer.status, 0) << answer.err;
  };
  const std::set<std::string> expected = {"idle.elf", "libqvm-vmhost.so", "vdev-shmem.so"};
  up("one");
  EXPECT_EQ(staged_files(), expected);
  const std::set<std::string> loaded = loaded_objects();
  EXPECT_EQ(loaded.size(), 2U);
  for (const std::string& object : loaded) EXPECT_THAT(object, StartsWith(sandbox_.runtime() + "/staged/"));
  const std::vector<pid_t> daemons = sandbox_.processes("qvmd");
  for (const pid_t pid : daemons) ::kill(pid, SIGKILL);
  ASSERT_TRUE(sandbox_.wait_for_end(daemons));
  up("two");
  EXPECT_EQ(sandbox_.processes(kQemu).size(), 2U);
  EXPECT_EQ(staged_files(), expected);
  EXPECT_EQ(loaded_objects(), loaded);
  EXPECT_EQ(run({"down", "one"}).status, 0);
  EXPECT_EQ(staged_files(), expected) << "one VM is left";
  EXPECT_EQ(run({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(Anywhere, RunsWithARuntimeDirectoryThatIsNoexec) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give VMs users of their own";
  install(0700);
  fs::create_directory(sandbox_.runtime());
  if (!mounts_.begin() || !mounts_.mount_empty(sandbox_.runtime(), MS_NOEXEC | MS_NOSUID | MS_NODEV))
    GTEST_SKIP() << "nothing can be mounted here";
  const std::string file = sandbox_.add("one.qvmconf", guest_config("one", "idle"));
  const Answer answer = run({"up", "--accel", "tcg", "--detach", file});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const std::set<std::string> loaded = loaded_objects();
  EXPECT_EQ(loaded.size(), 2U);
  for (const std::string& object : loaded) EXPECT_THAT(object, HasSubstr("/qvm-staged-"));
  EXPECT_EQ(run({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left_soon());
  for (const std::string& object : loaded) EXPECT_FALSE(fs::exists(fs::path(object).parent_path())) << object;
}

// Its path is in a URI of libvirt's, in QEMU's options and in XML.
TEST_F(Anywhere, RunsWithARuntimeDirectoryOfAnOddName) {
  install(0755);
  const std::string runtime = sandbox_.runtime() + " \xc3\xbc, 1%41&<b";
  expect_hello(run({.words = up_hello(), .environment = {{"QVM_RUNTIME_DIR", runtime}}}));
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(runtime)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, ElementsAre("log"));
}

TEST_F(Anywhere, PluginOfSomebodyElseMayBeWhereVmsCannotReadIt) {
  const std::string plugins = sandbox_.directory() + "/my plugins, all";
  fs::create_directory(plugins);
  fs::permissions(plugins, fs::perms(0700));
  std::ofstream(plugins + "/failing.json")
      << R"({"name": "failing", "documentation": "None.", "object": "vdev-failing.so",
      "default-space": "memory", "location-required": true, "claims": [{"space": "memory", "length": 4096}]})";
  fs::copy(QVM_BINARY_DIR "/tests/vdevs/vdev-failing.so", plugins);
  fs::permissions(plugins + "/vdev-failing.so", fs::perms(0600));
  const std::string file = sandbox_.add(
      "trouble.qvmconf",
      guest_config("trouble", "trouble", "how=store address=0x1c060000", "vdev failing loc 0x1c060000\n"));
  const Answer answer = sandbox_.qvm({"--accel", "tcg", "--plugin-dir", plugins, "@" + file});
  EXPECT_EQ(answer.status, 6) << answer.err;
  EXPECT_THAT(complaints(answer), ElementsAre(EndsWith("the coolant is gone")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
