// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The region manager as a service: whoever needs it first starts it, and no VM has to be there.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <qvmshm.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "qvm/base/unique_fd.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

constexpr uid_t kStranger = 65534;

// The bit mask of /proc/PID/status that begins with this word.
std::uint64_t signals_of(pid_t pid, const std::string& word) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(word)) return std::stoull(line.substr(word.size()), nullptr, 16);
  }
  return ~std::uint64_t{0};
}

// Nobody has come yet: there is not even a directory.
class RegionsService : public RegionsFixture {
 protected:
  void SetUp() override {
    make_directory();
    std::filesystem::remove_all(directory());
  }
  int open(qvmshm_t*& handle) const { return qvmshm_open(directory().c_str(), "test", &handle); }
  // What a process of another user gets.
  int open_as_stranger() const {
    const pid_t child = ::fork();
    if (child == 0) {
      qvmshm_t* handle = nullptr;
      if (::setgid(kStranger) != 0 || ::setuid(kStranger) != 0) ::_exit(255);
      ::_exit(open(handle));
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
};

TEST_F(RegionsService, HostProgramIsTheFirst) {
  qvmshm_t* handle = nullptr;
  ASSERT_EQ(open(handle), 0);
  ASSERT_EQ(qvmshm_attach(handle, "moo", 2, 0, 0), 0);
  EXPECT_EQ(qvmshm_status(handle), 0x10000U);
  EXPECT_NO_THROW(daemon_pid());
  // A VM comes, meets it, and goes. The program does not notice but for the bits.
  reopen_admin();
  {
    const auto vm = vm_client("left");
    EXPECT_EQ(attach(*vm, "moo", 0)->pages(), 2U);
    EXPECT_EQ(qvmshm_status(handle), 0x30000U);
  }
  EXPECT_TRUE(admin().remove_vm("left"));
  close_admin();
  EXPECT_EQ(qvmshm_status(handle), 0x10000U);
  qvmshm_close(handle);
  reopen_admin();
}

TEST_F(RegionsService, ManyThatComeAtOnceMeet) {
  constexpr int kPrograms = 16;
  std::vector<std::future<qvmshm_t*>> programs;
  for (int i = 0; i < kPrograms; ++i) {
    programs.push_back(std::async(std::launch::async, [this] {
      qvmshm_t* handle = nullptr;
      const int opened = open(handle);
      EXPECT_EQ(opened, 0) << std::strerror(opened);
      if (opened == 0) {
        EXPECT_EQ(qvmshm_attach(handle, "moo", 1, 0, 0), 0);
      }
      return handle;
    }));
  }
  std::vector<qvmshm_t*> handles;
  for (auto& program : programs) handles.push_back(program.get());
  ASSERT_NE(handles.front(), nullptr);
  EXPECT_EQ(qvmshm_status(handles.front()) >> 16, 0xffffU) << "all are in one region of one manager";
  for (qvmshm_t* handle : handles) qvmshm_close(handle);
  reopen_admin();
}

// Whoever comes while the last one's manager is ending is served by the next.
TEST_F(RegionsService, ComesBackAsOftenAsItIsNeeded) {
  for (int i = 0; i < 30; ++i) {
    qvmshm_t* handle = nullptr;
    ASSERT_EQ(open(handle), 0) << "time " << i;
    ASSERT_EQ(qvmshm_attach(handle, "moo", 1, 0, 0), 0);
    qvmshm_close(handle);
  }
  reopen_admin();
}

// Signals that the program ignores or blocks still end what it has started.
TEST_F(RegionsService, HasNothingOfWhoeverStartedIt) {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, &before);
  const auto handler = ::signal(SIGINT, SIG_IGN);
  const mode_t umask_before = ::umask(0777);
  qvmshm_t* handle = nullptr;
  const int opened = open(handle);
  ::umask(umask_before);
  ::signal(SIGINT, handler);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_EQ(opened, 0);
  const pid_t daemon = daemon_pid();
  EXPECT_EQ(signals_of(daemon, "SigBlk:") & (1U << (SIGTERM - 1)), 0U);
  EXPECT_EQ(signals_of(daemon, "SigIgn:") & (1U << (SIGINT - 1)), 0U);
  EXPECT_NE(::getsid(daemon), ::getsid(0));
  struct stat facts {};
  ASSERT_EQ(::stat(directory().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, ::geteuid() == 0 ? 0755U : 0700U);
  qvmshm_close(handle);
  reopen_admin();
}

TEST_F(RegionsService, IsNotStartedForAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  ASSERT_EQ(::mkdir(directory().c_str(), 0755), 0);
  EXPECT_EQ(open_as_stranger(), ENOENT);
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
  EXPECT_TRUE(keeper_pids().empty());
  // One that runs serves everybody.
  qvmshm_t* handle = nullptr;
  ASSERT_EQ(open(handle), 0);
  EXPECT_EQ(open_as_stranger(), 0);
  qvmshm_close(handle);
  reopen_admin();
}

TEST_F(RegionsService, IsNotStartedWhereNoDirectoryCanBe) {
  qvmshm_t* handle = nullptr;
  EXPECT_EQ(qvmshm_open((directory() + "/none/there").c_str(), "test", &handle), ENOENT);
  EXPECT_EQ(handle, nullptr);
  reopen_admin();
}

TEST_F(RegionsService, SaysWhetherItEnds) {
  reopen_admin();
  auto other = Admin::open_if_served(directory());
  ASSERT_TRUE(other);
  ASSERT_NE(*other, nullptr);
  EXPECT_FALSE((*other)->leave()) << "somebody else commands it";
  {
    const auto program = host_client();
    EXPECT_FALSE(admin().leave()) << "a host program uses it";
    reopen_admin();
  }
  // It notices in a moment that the program has gone.
  bool gone = false;
  for (int i = 0; i < 100 && !gone; ++i) {
    gone = admin().leave();
    reopen_admin();
  }
  EXPECT_TRUE(gone);
}

TEST_F(RegionsService, IsNotStartedToBeAsked) {
  auto none = Admin::open_if_served(directory());
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_EQ(*none, nullptr);
  EXPECT_FALSE(std::filesystem::exists(directory()));
  reopen_admin();
}

// The socket of host programs is a service manager's, played by this class, which starts the keeper when
// somebody comes, as often as it has ended.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& directory) : x_directory(directory) {
    std::filesystem::create_directory(directory);
    x_listener.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory + "/host.sock").c_str());
    EXPECT_EQ(::bind(x_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(x_listener.get(), 16), 0);
    x_thread = std::thread([this] { serve(); });
  }
  ~ServiceManager() {
    x_ends = true;
    x_thread.join();
    ::unlink((x_directory + "/host.sock").c_str());
  }
  int starts() const { return x_starts; }

 private:
  void serve() {
    while (!x_ends) {
      pollfd somebody{x_listener.get(), POLLIN, 0};
      if (::poll(&somebody, 1, 20) != 1) continue;
      const pid_t keeper = start();
      for (int status = 0; ::waitpid(keeper, &status, WNOHANG) == 0;) ::usleep(5'000);
    }
  }
  pid_t start() {
    ++x_starts;
    const std::string program = QVM_BINARY_DIR "/bin/qvm-regiond";
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const std::string own = "LISTEN_PID=" + std::to_string(::getpid());
    const char* environment[] = {own.c_str(), "LISTEN_FDS=1", nullptr};
    const char* words[] = {"qvm-regiond", "--keeper", "--runtime-dir", x_directory.c_str(), nullptr};
    if (x_listener.get() == 3)
      ::fcntl(3, F_SETFD, 0);
    else
      ::dup2(x_listener.get(), 3);
    ::close_range(4, ~0U, 0);
    ::execve(program.c_str(), const_cast<char**>(words), const_cast<char**>(environment));
    ::_exit(127);
  }

  const std::string x_directory;
  UniqueFd x_listener;
  std::atomic<bool> x_ends = false;
  std::atomic<int> x_starts = 0;
  std::thread x_thread;
};

TEST_F(RegionsService, IsStartedByWhoeverListensForIt) {
  ServiceManager manager(directory());
  for (int time = 1; time <= 2; ++time) {
    qvmshm_t* handle = nullptr;
    ASSERT_EQ(open(handle), 0);
    ASSERT_EQ(qvmshm_attach(handle, "moo", 1, 0, 0), 0);
    EXPECT_EQ(manager.starts(), time);
    // The next qvm-regiond has the same socket.
    kill_daemon();
    qvmshm_t* other = nullptr;
    ASSERT_EQ(open(other), 0);
    ASSERT_EQ(qvmshm_attach(other, "moo", 0, 0, 0), 0);
    EXPECT_EQ(qvmshm_status(handle), 0x30000U);
    qvmshm_close(other);
    qvmshm_close(handle);
    ASSERT_TRUE(all_have_ended());
    EXPECT_TRUE(std::filesystem::exists(host_socket())) << "it is not ours to remove";
  }
  // Whoever commands it knocks at that socket, and starts none beside it.
  reopen_admin();
  EXPECT_EQ(manager.starts(), 3);
  close_admin();
  ASSERT_TRUE(all_have_ended());
}

}  // namespace
}  // namespace qvm::regions
