// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/stray_domains.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "qvm/host/embed_root.h"

namespace qvm::host {
namespace {

class StrayDomains : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/qvm-stray.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::filesystem::create_directories(root_ + "/run/qemu");
  }
  void TearDown() override {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    std::filesystem::remove_all(root_);
  }

  // A process with the words that QEMU's command line has for this domain, which stops itself.
  void start_process(const std::string& domain) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    process_ = ::fork();
    if (process_ == 0) {
      const std::string name = "guest=" + domain + ",debug-threads=on";
      ::close(ends[0]);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", "echo; kill -STOP $$", "-name", name.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    char byte = 0;
    // Its command line is the new one now.
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ::close(ends[0]);
  }
  void remember(const std::string& domain, pid_t pid) {
    std::ofstream(pid_file(root_, domain)) << pid << '\n';
    std::ofstream(root_ + "/run/qemu/" + domain + ".xml") << "<domstatus/>";
  }
  bool remembered(const std::string& domain) const {
    return std::filesystem::exists(root_ + "/run/qemu/" + domain + ".xml");
  }
  bool lives() { return ::waitpid(process_, nullptr, WNOHANG) == 0; }

  std::string root_;
  pid_t process_ = 0;
};

TEST_F(StrayDomains, DeadDomainsAreForgotten) {
  remember("gone", 4'000'000);
  std::ofstream(root_ + "/run/qemu/no-pid.xml") << "<domstatus/>";
  forget_dead_domains(root_);
  EXPECT_FALSE(remembered("gone"));
  EXPECT_FALSE(remembered("no-pid"));
  EXPECT_FALSE(std::filesystem::exists(pid_file(root_, "gone")));
}

TEST_F(StrayDomains, LivingDomainsAreKept) {
  start_process("left");
  remember("left", process_);
  forget_dead_domains(root_);
  EXPECT_TRUE(remembered("left"));
  EXPECT_TRUE(lives());
}

TEST_F(StrayDomains, ZombieIsDead) {
  start_process("left");
  remember("left", process_);
  ::kill(process_, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOWAIT), 0);
  forget_dead_domains(root_);
  EXPECT_FALSE(remembered("left"));
}

TEST_F(StrayDomains, PidThatBelongsToAnotherByNowIsDead) {
  start_process("lefty");
  remember("left", process_);
  forget_dead_domains(root_);
  EXPECT_FALSE(remembered("left"));
  EXPECT_TRUE(lives());
}

TEST_F(StrayDomains, AbandonedDomainLosesItsProcess) {
  start_process("left");
  remember("left", process_);
  abandon_domain(root_, "left");
  EXPECT_FALSE(remembered("left"));
  EXPECT_FALSE(lives());
}

TEST_F(StrayDomains, AbandonedDomainKillsNobodyElse) {
  start_process("right");
  remember("left", process_);
  abandon_domain(root_, "left");
  EXPECT_TRUE(lives());
}

// libvirt has forked it, and it does not come to exec().
TEST_F(StrayDomains, AbandonedDomainLosesWhatIsNotQemuYet) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    const pid_t forked = ::fork();
    if (forked == 0) ::pause();
    [[maybe_unused]] const auto told = ::write(ends[1], &forked, sizeof forked);
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_EQ(::read(ends[0], &process_, sizeof process_), static_cast<ssize_t>(sizeof process_));
  ::close(ends[0]);
  ::close(ends[1]);
  std::ofstream(pid_file(root_, "left")) << process_;
  abandon_domain(root_, "left");
  EXPECT_FALSE(lives());
}

// QEMU has its pid file open for writing.
TEST_F(StrayDomains, StateCountsMoreThanThePidFile) {
  start_process("left");
  std::ofstream(root_ + "/run/qemu/left.xml") << "<domstatus state='running' pid='" << process_ << "'/>";
  for (const char* forged : {"1", "0", "x", ""}) {
    std::ofstream(pid_file(root_, "left")) << forged;
    EXPECT_EQ(noted_pid(root_, "left"), process_);
  }
  abandon_domain(root_, "left");
  EXPECT_FALSE(lives());
}

TEST_F(StrayDomains, LivingDomainsAreTakenOverOnlyWithRoomForTheirState) {
  EXPECT_TRUE(check_takeover(root_)) << "there are none";
  start_process("left");
  remember("left", process_);
  EXPECT_TRUE(check_takeover(root_));
  EXPECT_TRUE(check_room(root_ + "/run/qemu", 4096));
  const auto refused = check_room(root_ + "/run/qemu", std::uint64_t{1} << 60);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("there is no room for 1152921504606846976 bytes in '" + root_),
            std::string::npos)
      << refused.error().message();
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(root_ + "/run/qemu")) ++files;
  EXPECT_EQ(files, 2U);
}

TEST_F(StrayDomains, LivingDomainsAreTakenOverOnlyWithDescriptors) {
  start_process("left");
  remember("left", process_);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 32;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto refused = check_takeover(root_);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message().find(
                "libvirt would end the VMs that run: taking VMs over needs 40 open files"),
            0U)
      << refused.error().message();
}

TEST_F(StrayDomains, MissingDirectoryIsNoDomains) {
  forget_dead_domains(root_ + "/none");
  abandon_domain(root_ + "/none", "left");
  EXPECT_FALSE(remembered("left"));
}

}  // namespace
}  // namespace qvm::host
