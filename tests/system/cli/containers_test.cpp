// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What containers, services and other small hosts lack, one thing at a time: VMs start all the same, or the
// error says what is too small and what to do.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/run_program.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kNoPlace = "/proc/self/qvm-cache";  // nobody can make a directory there
constexpr const char* kDone = "Exiting: dryrun completed\n";

// What Docker leaves to root.
constexpr const char* kCapabilities =
    "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,"
    "+net_bind_service,+sys_chroot,+kill,+audit_write";

// Of all processes of a user, also of those that nobody has buried: the kernel counts them.
std::size_t threads_of(uid_t uid) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "status");
    bool is_users = false;
    for (std::string line; std::getline(status, line);) {
      std::istringstream words(line);
      std::string key;
      std::size_t value = 0;
      words >> key >> value;
      if (key == "Uid:") is_users = value == uid;
      if (key == "Threads:" && is_users) count += value;
    }
  }
  return count;
}

class Containers : public CliTest {
 protected:
  // A VM that is set up completely and taken away.
  Launch dry_run(const std::vector<std::string>& through = {}) const {
    const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
    return {.words = {"--accel", "tcg", "@" + file, "dryrun"}, .through = through};
  }
  void expect_done(const Answer& answer) const {
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.out, EndsWith(kDone)) << answer.err;
  }
  // In a mount namespace of its own, after the shell commands `prepare`.
  static std::vector<std::string> in_mounts(const std::string& prepare) {
    return {"/usr/bin/unshare", "--mount", "/bin/sh", "-ec", prepare + "; exec \"$@\"", "sh"};
  }
  static bool can(const std::vector<std::string>& through) {
    std::vector<std::string> words = through;
    words.emplace_back("true");
    return run_program(words, "").status == 0;
  }
  static std::string host_id(const Answer& plan) {
    EXPECT_EQ(plan.status, 0) << plan.err;
    const auto json = nlohmann::json::parse(plan.out, nullptr, false);
    return json.is_array() ? json.at(0).at("host").at("host_id").get<std::string>() : std::string();
  }
};

// The tests of somebody who is not root.
class ContainersOfAUser : public Containers {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) return;
    if (sandbox_.qvm(Launch{.words = {"version"}, .uid = kNobody}).status != 0)
      GTEST_SKIP() << "another user cannot reach the build tree";
    ASSERT_EQ(::chown(sandbox_.directory().c_str(), kNobody, kNobody), 0);
    uid_ = kNobody;
  }
  Launch users(Launch launch) const {
    launch.uid = uid_;
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "QVM_CACHE_DIR"})
      launch.environment.try_emplace(name, std::nullopt);
    return launch;
  }
  std::optional<uid_t> uid_;
};

TEST_F(Containers, GoOnWithoutACacheAndSaySoOnce) {
  Launch launch = dry_run();
  launch.environment = {{"QVM_CACHE_DIR", kNoPlace}};
  const Answer first = sandbox_.qvm(launch);
  expect_done(first);
  const auto notes = lines_with(first.err, "qvm: asking QEMU");
  ASSERT_EQ(notes.size(), 1U) << first.err;
  EXPECT_THAT(notes.front(), AllOf(HasSubstr("'" + sandbox_.runtime() + "/cache'"), HasSubstr(kNoPlace),
                                   HasSubstr("QVM_CACHE_DIR names")));
  const Answer second = sandbox_.qvm(launch);
  expect_done(second);
  EXPECT_THAT(second.err, Not(HasSubstr("QVM_CACHE_DIR")));
}

TEST_F(ContainersOfAUser, GoOnWithTheRootAsHome) {
  Launch launch = users(dry_run());
  launch.environment["HOME"] = "/";
  const Answer answer = sandbox_.qvm(launch);
  expect_done(answer);
  EXPECT_THAT(answer.err, HasSubstr("QVM_CACHE_DIR names"));
}

TEST_F(ContainersOfAUser, GoOnWithoutAHome) {
  const Answer answer = sandbox_.qvm(users(dry_run()));
  expect_done(answer);
  EXPECT_THAT(answer.err, HasSubstr("neither XDG_CACHE_HOME nor HOME names a directory"));
}

// Nothing names a runtime directory, and there is no session.
TEST_F(ContainersOfAUser, GoOnWithoutASession) {
  const uid_t uid = uid_.value_or(::geteuid());
  const std::string number = std::to_string(uid);
  if (fs::exists("/run/user/" + number) || fs::exists("/tmp/qvm-" + number))
    GTEST_SKIP() << "the user has a session or a runtime directory";
  Launch launch = users(dry_run());
  launch.environment["QVM_RUNTIME_DIR"] = std::nullopt;
  launch.environment["HOME"] = sandbox_.directory();
  const Answer answer = sandbox_.qvm(launch);
  expect_done(answer);
  struct stat made {};
  const std::string place = "/tmp/qvm-" + number;
  ASSERT_EQ(::lstat(place.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777U, 0700U);
  EXPECT_EQ(made.st_uid, uid);
  fs::remove_all(place);
}

TEST_F(ContainersOfAUser, RefuseARuntimeDirectoryThatSomebodyElseMade) {
  if (!uid_) GTEST_SKIP() << "only root can be somebody else";
  const std::string place = "/tmp/qvm-" + std::to_string(*uid_);
  if (fs::exists("/run/user/" + std::to_string(*uid_)) || !fs::create_directory(place))
    GTEST_SKIP() << "the user has a session or a runtime directory";
  Launch launch = users(dry_run());
  launch.environment["QVM_RUNTIME_DIR"] = std::nullopt;
  const Answer answer = sandbox_.qvm(launch);
  fs::remove(place);
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer), Contains(StartsWith("runtime directory '" + place + "' belongs to uid 0")));
}

TEST_F(Containers, WithoutAMachineIdDiffer) {
  const auto through = in_mounts(
      "for f in /etc/machine-id /var/lib/dbus/machine-id; do [ ! -e $f ] || mount --bind /dev/null $f; done");
  if (!can(through)) GTEST_SKIP() << "no mount namespace";
  const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
  const auto plan = [&](const std::string& cache) {
    return sandbox_.qvm(Launch{.words = {"plan", "--accel", "tcg", "--json", file},
                               .environment = {{"QVM_CACHE_DIR", sandbox_.directory() + "/" + cache}},
                               .through = through});
  };
  const std::string one = host_id(plan("one"));
  EXPECT_NE(one, "");
  EXPECT_EQ(host_id(plan("one")), one);
  EXPECT_NE(host_id(plan("other")), one);
}

TEST_F(Containers, TakeTheProcessesThereAre) {
  expect_done(sandbox_.qvm(dry_run({"/usr/bin/prlimit", "--nproc=400:400"})));
}

TEST_F(Containers, RaiseTheSoftLimitOfFiles) {
  expect_done(sandbox_.qvm(dry_run({"/usr/bin/prlimit", "--nofile=32:"})));
}

TEST_F(Containers, SayWhichLimitIsTooSmall) {
  std::vector<std::string> words = {"up", "--accel", "tcg"};
  for (int i = 0; i < 12; ++i) {
    const std::string name = "vm" + std::to_string(i);
    words.push_back(sandbox_.add(name + ".qvmconf", guest_config(name, "idle", {}, "dryrun\n")));
  }
  const Answer answer =
      sandbox_.qvm(Launch{.words = words, .through = {"/usr/bin/prlimit", "--nofile=64:64"}});
  EXPECT_EQ(answer.status, 64) << answer.err;
  EXPECT_THAT(complaints(answer),
              Contains(AllOf(StartsWith("a start of 12 VMs needs "), HasSubstr("may have 64 (RLIMIT_NOFILE)"),
                             HasSubstr("prlimit --pid $$ --nofile"))))
      << answer.err;
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// At some step of a start there is no process or thread to be had; wherever that is, the reason is told.
TEST_F(Containers, SayThatThereAreTooFewProcesses) {
  // A user without an account: no other test has processes of his.
  constexpr uid_t kUser = 65533;
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  if (sandbox_.qvm(Launch{.words = {"version"}, .uid = kUser}).status != 0)
    GTEST_SKIP() << "another user cannot reach the build tree";
  ASSERT_EQ(::chown(sandbox_.directory().c_str(), kUser, kUser), 0);
  Launch launch = dry_run();
  launch.uid = kUser;
  launch.environment = {{"HOME", sandbox_.directory()}, {"XDG_RUNTIME_DIR", std::nullopt}};
  expect_done(sandbox_.qvm(launch));  // QEMU was asked
  unsigned refused = 0;
  for (unsigned more = 1; more < 10; ++more) {
    const std::string limit = std::to_string(threads_of(kUser) + more);
    launch.through = {"/usr/bin/prlimit", "--nproc=" + limit + ":" + limit};
    const Answer answer = sandbox_.qvm(launch);
    if (answer.status == 0) continue;
    ++refused;
    EXPECT_EQ(answer.status, 64) << answer.err;
    EXPECT_THAT(complaints(answer), Contains(HasSubstr("RLIMIT_NPROC is " + limit))) << answer.err;
  }
  EXPECT_GT(refused, 3U);
}

TEST_F(Containers, DoWithTheCapabilitiesOfDocker) {
  const std::vector<std::string> through = {"/usr/bin/setpriv", "--bounding-set", kCapabilities,
                                            "--inh-caps",       "-all",           "--"};
  if (::geteuid() != 0 || !can(through)) GTEST_SKIP() << "only root has capabilities to drop";
  expect_done(sandbox_.qvm(dry_run(through)));
}

TEST_F(Containers, DoWithoutControlGroups) {
  const std::string prepare = "mount -t tmpfs -o ro,size=64k tmpfs /sys/fs/cgroup";
  if (!can(in_mounts(prepare))) GTEST_SKIP() << "no mount namespace";
  expect_done(sandbox_.qvm(dry_run(in_mounts(prepare))));
}

TEST_F(Containers, DoWithControlGroupsThatCannotBeWritten) {
  const std::string prepare =
      "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mount -o remount,bind,ro $d 2>/dev/null || :; done; ! "
      "mkdir "
      "/sys/fs/cgroup/qvm-test 2>/dev/null";
  if (!can(in_mounts(prepare))) GTEST_SKIP() << "no mount namespace";
  expect_done(sandbox_.qvm(dry_run(in_mounts(prepare))));
}

TEST_F(Containers, DoWithLittleSharedMemory) {
  const std::string prepare = "mount -t tmpfs -o size=64k tmpfs /dev/shm";
  if (!can(in_mounts(prepare))) GTEST_SKIP() << "no mount namespace";
  expect_done(sandbox_.qvm(dry_run(in_mounts(prepare))));
}

std::vector<std::string> with_users(unsigned count) {
  return {"/usr/bin/python3", QVM_SOURCE_DIR "/tests/support/user_namespace.py", std::to_string(count)};
}

TEST_F(Containers, GiveVmsOneAccountIfTheyHaveNotAllUsers) {
  const auto through = with_users(65536);
  if (!can(through)) GTEST_SKIP() << "no user namespace";
  if (run_program({"id", "libvirt-qemu"}, "").status != 0) GTEST_SKIP() << "no account for VMs";
  const Answer answer = sandbox_.qvm(dry_run(through));
  expect_done(answer);
  EXPECT_THAT(answer.err, HasSubstr("VMs without an account all run as user 'libvirt-qemu'"));
}

// The image knows that account, the user namespace does not.
TEST_F(Containers, RunVmsAsRootIfThereIsNobodyElse) {
  const auto through = with_users(60000);
  if (!can(through)) GTEST_SKIP() << "no user namespace";
  const Answer answer = sandbox_.qvm(dry_run(through));
  expect_done(answer);
  EXPECT_THAT(answer.err, HasSubstr("VMs without an account all run as root"));
}

TEST_F(Containers, GiveEachVmAUserOfTheRangeThatTheyHave) {
  const auto through = with_users(60000);
  if (!can(through)) GTEST_SKIP() << "no user namespace";
  Launch launch = dry_run(through);
  launch.environment = {{"QVM_VM_UIDS", "50000-59999"}};
  const Answer answer = sandbox_.qvm(launch);
  expect_done(answer);
  EXPECT_EQ(answer.err, "");
}

TEST_F(Containers, RefuseAnAccountThatTheyHaveNot) {
  const auto through = with_users(60000);
  if (!can(through)) GTEST_SKIP() << "no user namespace";
  sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
  const std::string manifest =
      sandbox_.add("system.yaml", "vms:\n  idle:\n    config: idle.qvmconf\n    uid: 61000\n");
  const Answer answer =
      sandbox_.qvm(Launch{.words = {"plan", "--accel", "tcg", manifest}, .through = through});
  EXPECT_EQ(answer.status, 65);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("this container has no user 61000"),
                                HasSubstr("this container has no group 61000")));
}

}  // namespace
}  // namespace qvm::test
