// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM's process can do that has been taken over: it has that VM's user and its socket, and speaks the
// protocol itself. docs/threat-model.md names these tests.
#include <fcntl.h>
#include <grp.h>
#include <linux/falloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "qvm/base/mapping.h"
#include "qvm/regions/wire/pages.h"
#include "tests/support/processor_time.h"
#include "tests/support/raw_client.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

constexpr uid_t kAttacker = 61001;
constexpr uid_t kStranger = 61002;

#define REFUSED(call)                                          \
  do {                                                         \
    if ((call) >= 0) return std::string(#call " is possible"); \
  } while (false)
#define POSSIBLE(condition)                                                              \
  do {                                                                                   \
    if (!(condition)) return std::string("not " #condition ": ") + std::strerror(errno); \
  } while (false)

// A process of another user, and of a group of that number or the one given, that attacks: with "" it says
// that all was as it should be.
class Intruder {
 public:
  using Attack = std::function<std::string()>;

  Intruder(uid_t uid, const Attack& attack, std::optional<gid_t> gid = std::nullopt) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    x_verdict.reset(ends[0]);
    UniqueFd mine(ends[1]);
    x_pid = ::fork();
    if (x_pid != 0) return;
    const gid_t group = gid.value_or(uid);
    std::string verdict = "cannot become somebody else";
    if (::setgroups(0, nullptr) == 0 && ::setresgid(group, group, group) == 0 &&
        ::setresuid(uid, uid, uid) == 0)
      verdict = attack();
    verdict = verdict.empty() ? "fine" : verdict;
    [[maybe_unused]] const auto written = ::write(mine.get(), verdict.data(), verdict.size());
    mine.reset();
    for (;;) ::pause();  // what it has, it keeps
  }
  ~Intruder() {
    if (x_pid <= 0) return;
    ::kill(x_pid, SIGKILL);
    ::waitpid(x_pid, nullptr, 0);
  }
  Intruder(const Intruder&) = delete;
  Intruder& operator=(const Intruder&) = delete;

  // Waits for it to be done; it lives on, with all that it has.
  std::string verdict() {
    std::array<char, 512> text{};
    const ssize_t got = ::read(x_verdict.get(), text.data(), text.size());
    return std::string(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }

 private:
  UniqueFd x_verdict;
  pid_t x_pid = -1;
};

class RegionsAttack : public RegionsFixture {
 protected:
  void SetUp() override {
    RegionsFixture::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    ASSERT_EQ(::chmod(directory().c_str(), 0755), 0);
    VmPolicy attacker = plain_vm("attacker");
    attacker.uid = attacker.gid = kAttacker;
    attacker.vdevs.front().rules = {{true, "pub*", "attacker.qvmconf:1:1"}};
    ASSERT_TRUE(admin().add_vm(attacker));
    victim = vm_client("victim");
  }
  void TearDown() override {
    victim.reset();
    if (::geteuid() == 0) {
      for (const char* vm : {"attacker", "victim"}) EXPECT_TRUE(admin().remove_vm(vm));
    }
    RegionsFixture::TearDown();
  }

  std::string own_socket() const { return directory() + "/vm/attacker/regions.sock"; }
  RawClient client() const { return RawClient(own_socket(), "shmem0"); }
  // Of an intruder's process, until its end.
  RawClient& lasting_client() const {
    static RawClient raw(own_socket(), "shmem0");
    return raw;
  }

  // That the victim and qvm-regiond do what they are there for.
  void expect_service() {
    Connection* one = attach(*victim, "service");
    auto other = host_client();
    ASSERT_NE(one, nullptr);
    Connection* two = attach(*other, "service");
    ASSERT_NE(two, nullptr);
    one->notify(1U << two->index());
    EXPECT_TRUE(process_until(*other, [&] { return (two->read_status() & 1U << one->index()) != 0; }));
    other->detach(two);
    victim->detach(one);
  }
  long descriptors_of(pid_t process) const {
    const std::string path = "/proc/" + std::to_string(process) + "/fd";
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  }

  std::unique_ptr<Client> victim;
};

// Identity.

TEST_F(RegionsAttack, SocketsOfOthersCannotBeReached) {
  Intruder intruder(kAttacker, [&]() -> std::string {
    for (const char* path : {"/vm/victim/regions.sock", "/regiond/admin.sock"}) {
      const auto connected = wire::connect_to(directory() + path);
      if (connected || connected.error().code() != EACCES) return std::string(path) + " can be reached";
    }
    REFUSED(::open((directory() + "/regiond/journal").c_str(), O_RDONLY));
    REFUSED(::open((directory() + "/log/regiond.log").c_str(), O_WRONLY));
    // Nothing on the way to a socket can be exchanged.
    REFUSED(::rename(own_socket().c_str(), (directory() + "/vm/attacker/other").c_str()));
    REFUSED(::unlink(own_socket().c_str()));
    REFUSED(::symlink("/", (directory() + "/vm/attacker/link").c_str()));
    REFUSED(::mkdir((directory() + "/vm/another").c_str(), 0700));
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
}

TEST_F(RegionsAttack, AnotherUserOfTheVmsGroupIsRefused) {
  Intruder intruder(
      kStranger,
      [&]() -> std::string {
        RawClient raw = client();
        raw.hello();
        return raw.receive() == wire::Outcome::closed ? "" : "it was welcomed";
      },
      kAttacker);
  EXPECT_EQ(intruder.verdict(), "fine");
}

TEST_F(RegionsAttack, AVmGetsWhatItsPolicyGivesAndNoMore) {
  attach(*victim, "private");
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient raw = client();
    raw.welcomed();
    for (const char* name : {"private", "", "*", "pub/..", "?rivate", "private\n", "xpub"}) {
      const auto* reply = raw.attached(name);
      if (reply == nullptr || reply->status == 0) return std::string("it was let into ") + name;
      if (raw.message.descriptor_count != 0) return "a refusal carries descriptors";
    }
    const auto* reply = raw.attached("public");
    return reply != nullptr && reply->status == 0 ? "" : "it was refused what it may have";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
}

TEST_F(RegionsAttack, SessionsOfOthersCannotBeGuessed) {
  Connection* mine = attach(*victim, "private");
  const auto guess = [&]() -> std::string {
    for (std::uint64_t session = 1; session < 60; ++session) {
      RawClient raw = client();
      raw.hello(session);
      if (raw.receive() != wire::Outcome::done) return "it was not answered";
      const auto* welcome = raw.message.as<wire::Welcome>();
      if (welcome == nullptr || welcome->resumed != 0) return "it has taken over " + std::to_string(session);
      wire::Detach detach;
      detach.connection = session;
      raw.send_one(detach);
      if (raw.receive() != wire::Outcome::done) return "it was not answered";
    }
    return "";
  };
  {
    Intruder intruder(kAttacker, guess);
    EXPECT_EQ(intruder.verdict(), "fine");
  }
  kill_daemon();
  Intruder intruder(kAttacker, guess);
  EXPECT_EQ(intruder.verdict(), "fine");
  ASSERT_TRUE(process_until(*victim, [&] { return mine->read_status() == 0x00010000U; }));
  expect_service();
}

TEST_F(RegionsAttack, OtherProcessesAreClosed) {
  const pid_t processes[] = {daemon_pid(), keeper_pid(), ::getpid()};
  Intruder intruder(kAttacker, [&]() -> std::string {
    for (const pid_t pid : processes) {
      const std::string proc = "/proc/" + std::to_string(pid);
      REFUSED(::open((proc + "/fd").c_str(), O_RDONLY | O_DIRECTORY));
      REFUSED(::open((proc + "/mem").c_str(), O_RDONLY));
      for (int fd = 0; fd < 64; ++fd) REFUSED(::open((proc + "/fd/" + std::to_string(fd)).c_str(), O_RDWR));
      const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      for (int fd = 0; fd < 64; ++fd) REFUSED(::syscall(SYS_pidfd_getfd, process.get(), fd, 0));
      REFUSED(::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr));
      REFUSED(::kill(pid, SIGSTOP));
      char byte = 0;
      const iovec local{&byte, 1};
      const iovec remote{this, 1};
      REFUSED(::process_vm_readv(pid, &local, 1, &remote, 1, 0));
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
}

// Memory.

std::string try_everything(int fd) {
  REFUSED(::ftruncate(fd, 0));
  REFUSED(::ftruncate(fd, 1 << 20));
  REFUSED(::fallocate(fd, 0, 0, 1 << 20));
  REFUSED(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  REFUSED(::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
  REFUSED(::fchmod(fd, 0777));
  REFUSED(::fchown(fd, kAttacker, kAttacker));
  REFUSED(::fcntl(fd, F_SETLEASE, F_RDLCK));
  REFUSED(::fcntl(fd, F_SETLEASE, F_WRLCK));
  const std::string again = "/proc/self/fd/" + std::to_string(fd);
  for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) REFUSED(::open(again.c_str(), mode));
  REFUSED(::linkat(AT_FDCWD, again.c_str(), AT_FDCWD, "/tmp/qvm-attack-link", AT_SYMLINK_FOLLOW));
  return "";
}

std::string try_to_write(int fd) {
  REFUSED(::write(fd, "x", 1));
  REFUSED(::pwrite(fd, "x", 1, 0));
  REFUSED(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPageBytes));
  POSSIBLE(::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  void* page = ::mmap(nullptr, kPageBytes, PROT_READ, MAP_SHARED, fd, 0);
  POSSIBLE(page != MAP_FAILED);
  REFUSED(::mprotect(page, kPageBytes, PROT_READ | PROT_WRITE));
  REFUSED(::madvise(page, kPageBytes, MADV_REMOVE));
  return "";
}

TEST_F(RegionsAttack, NothingIsResizedSealedOrOpenedAnew) {
  attach(*victim, "public");
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient raw = client();
    raw.welcomed();
    const auto* reply = raw.attached("public");
    POSSIBLE(reply != nullptr && reply->status == 0 && reply->peer_count == 1);
    // Data, the region's page, the own page, the peer's page.
    for (const std::size_t which : {0U, 1U, 2U, 3U}) {
      if (auto why = try_everything(raw.message.descriptors[which].get()); !why.empty())
        return std::to_string(which) + ": " + why;
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  expect_service();
}

TEST_F(RegionsAttack, PagesOfOthersAreReadOnly) {
  attach(*victim, "public");
  ASSERT_TRUE(admin().add_region({"pubview", kPageBytes, 0644, 0, 0}));
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient raw = client();
    raw.welcomed();
    POSSIBLE(raw.attached("public") != nullptr && raw.message.descriptor_count == 6);
    for (const std::size_t which : {1U, 3U}) {
      if (auto why = try_to_write(raw.message.descriptors[which].get()); !why.empty())
        return std::to_string(which) + ": " + why;
    }
    const auto* reply = raw.attached("pubview");
    POSSIBLE(reply != nullptr && reply->status == 0 && reply->writable == 0);
    if (auto why = try_everything(raw.message.descriptors[0].get()); !why.empty()) return "view: " + why;
    if (auto why = try_to_write(raw.message.descriptors[0].get()); !why.empty()) return "view: " + why;
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  ASSERT_TRUE(admin().remove_region("pubview"));
}

TEST_F(RegionsAttack, HolesArePagesOfZeros) {
  const Connection* mine = attach(*victim, "public", 4);
  auto data = Mapping::map(mine->data_fd(), 4 * kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(data);
  auto* bytes = static_cast<volatile unsigned char*>(data->data());
  bytes[kPageBytes] = 1;
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    POSSIBLE(raw.attached("public") != nullptr && raw.message.descriptor_count == 6);
    // Its own are its to spoil: what it writes there is its affair anyway.
    for (const std::size_t which : {0U, 2U}) {
      const int fd = raw.message.descriptors[which].get();
      POSSIBLE(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4 * kPageBytes) == 0);
      void* page = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      POSSIBLE(::madvise(page, kPageBytes, MADV_REMOVE) == 0);
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  EXPECT_EQ(bytes[kPageBytes], 0);
  bytes[kPageBytes] = 2;
  EXPECT_EQ(bytes[kPageBytes], 2);
  // qvm-regiond reads and writes the attacker's page when somebody comes.
  auto other = host_client();
  EXPECT_EQ(attach(*other, "public")->index(), 2U);
  expect_service();
}

// Everybody has the same open file of the data, and its peers have that of a client's page: whatever belongs
// to the open file and not to the descriptor can be changed under them.
TEST_F(RegionsAttack, WhatBelongsToTheOpenFileIsNotUsed) {
  const Connection* mine = attach(*victim, "public");
  const pid_t daemon = daemon_pid();
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    POSSIBLE(raw.attached("public") != nullptr && raw.message.descriptor_count == 6);
    for (std::size_t which = 0; which < 6; ++which) {
      const int fd = raw.message.descriptors[which].get();
      ::fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT);
      ::fcntl(fd, F_SETFL, 0);
      for (const pid_t target : {::getppid(), daemon}) {
        ::fcntl(fd, F_SETOWN, target);
        ::fcntl(fd, F_SETSIG, SIGKILL);
      }
      ::fcntl(fd, F_SETFL, O_ASYNC);
      ::flock(fd, LOCK_EX | LOCK_NB);
      struct flock everything {};
      everything.l_type = F_WRLCK;
      ::fcntl(fd, F_OFD_SETLK, &everything);
      ::lseek(fd, 12345, SEEK_SET);
    }
    // The doorbell to ring is its own to fill and to make blocking: it does not ring any more, that is all.
    const std::uint64_t full = UINT64_MAX - 1;
    [[maybe_unused]] const auto rung = ::write(raw.message.descriptors[5].get(), &full, sizeof full);
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  EXPECT_TRUE(Mapping::map(mine->data_fd(), kPageBytes, Mapping::Access::read_write));
  auto other = host_client();
  EXPECT_EQ(attach(*other, "public")->index(), 2U);
  expect_service();
  EXPECT_EQ(daemon_pid(), daemon);
}

// Signals.

TEST_F(RegionsAttack, NoSenderIsForgedAndNoSignalErased) {
  Connection* receiver = attach(*victim, "public");
  auto peer = host_client();
  Connection* sender = attach(*peer, "public");
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    const auto* reply = raw.attached("public");
    POSSIBLE(reply != nullptr && reply->status == 0 && reply->index == 2);
    auto page = Mapping::map(raw.message.descriptors[2].get(), kPageBytes, Mapping::Access::read_write);
    POSSIBLE(page.has_value());
    auto* words = static_cast<volatile std::uint32_t*>(page->data());
    for (std::size_t i = 0; i < kPageBytes / 4; ++i) words[i] = 0xdeadbeefU ^ static_cast<std::uint32_t>(i);
    return "";
  });
  sender->notify(1U << receiver->index());
  EXPECT_EQ(intruder.verdict(), "fine");
  std::uint32_t senders = 0;
  ASSERT_TRUE(process_until(*victim, [&] {
    const std::uint32_t status = receiver->read_status();
    senders |= status & 0xffff;
    return (senders & 2) != 0 && status >> 16 == 7;
  }));
  // Itself it may name, of course.
  EXPECT_EQ(senders & ~4U, 2U);
  EXPECT_EQ(sender->read_status() & 0xffff & ~4U, 0U);
}

TEST_F(RegionsAttack, AReceiverCannotReachTheDoorbellItListensTo) {
  Connection* sender = attach(*victim, "public");
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    POSSIBLE(raw.attached("public") != nullptr && raw.message.descriptor_count == 6);
    const int listen = raw.message.descriptors[4].get();
    epoll_event event{};
    for (int fd = 0; fd < 64; ++fd) {
      REFUSED(::epoll_ctl(listen, EPOLL_CTL_DEL, fd, nullptr));
      REFUSED(::epoll_ctl(listen, EPOLL_CTL_MOD, fd, &event));
    }
    const std::uint64_t one = 1;
    REFUSED(::write(listen, &one, sizeof one));
    // Chains and stars of epoll instances behind it, as deep and as wide as the kernel lets them be.
    static std::vector<UniqueFd> nests;
    int last = listen;
    event.events = EPOLLIN;
    for (int depth = 0; depth < 8; ++depth) {
      nests.emplace_back(::epoll_create1(0));
      if (::epoll_ctl(nests.back().get(), EPOLL_CTL_ADD, last, &event) == 0) last = nests.back().get();
    }
    REFUSED(::epoll_ctl(listen, EPOLL_CTL_ADD, last, &event));
    for (int width = 0; width < 600; ++width) {
      nests.emplace_back(::epoll_create1(0));
      ::epoll_ctl(nests.back().get(), EPOLL_CTL_ADD, listen, &event);
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  for (int i = 0; i < 100; ++i) sender->notify(0xffffffff);
  expect_service();
}

// Time.

// Polls the descriptor over and over, all at once: whoever wakes this process walks through all of that.
class Pollers {
 public:
  explicit Pollers(int fd) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t each = std::min<std::size_t>(limit.rlim_cur, 1000);
    for (int i = 0; i < kThreads; ++i)
      x_threads.emplace_back([fd, each] {
        std::vector<pollfd> all(each, pollfd{fd, POLLIN, 0});
        for (;;) {
          ::poll(all.data(), all.size(), -1);
          epoll_event event{};
          ::epoll_wait(fd, &event, 1, 0);
        }
      });
  }

 private:
  static constexpr int kThreads = 40;
  std::vector<std::thread> x_threads;
};

std::chrono::nanoseconds time_of_this_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST_F(RegionsAttack, AReceiverThatIsSlowToWakeSlowsNoSender) {
  Connection* sender = attach(*victim, "public");
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    POSSIBLE(raw.attached("public") != nullptr && raw.message.descriptor_count == 6);
    static const Pollers pollers(raw.message.descriptors[4].get());
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  ASSERT_TRUE(process_until(*victim, [&] { return sender->read_status() >> 16 == 3; }));
  victim->process();  // the doorbell, too
  const auto ring = [&](int times) {
    const auto start = time_of_this_thread();
    for (int i = 0; i < times; ++i) {
      sender->notify(2);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // they poll again
    }
    return time_of_this_thread() - start;
  };
  ring(30);  // it takes some to notice
  EXPECT_LT(ring(20), std::chrono::milliseconds(20)) << "waking all those pollers takes three milliseconds";
}

// It stays attached: on a slow machine waking takes long for everybody.
TEST_F(RegionsAttack, AClientThatIsSlowToWakeIsServedLessOften) {
  constexpr std::chrono::seconds kAttack{4};
  const pid_t daemon = daemon_pid();
  const auto before = test::processor_time(daemon);
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    static const Pollers pollers(raw.socket());
    wire::Detach message;
    message.connection = 1;
    const auto end = std::chrono::steady_clock::now() + kAttack;
    while (std::chrono::steady_clock::now() < end) {
      if (wire::send(raw.socket(), wire::prepare(message)) == wire::Outcome::closed) return "it is cut off";
      while (wire::receive(raw.socket(), raw.message, wire::kMaxDescriptors) == wire::Outcome::done) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // they poll again
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  const auto spent = test::processor_time(daemon) - before;
  EXPECT_LT(spent, kAttack / 2.5);
  // On a busy machine the pollers may be too slow themselves to be a burden: a quarter of the time is what
  // each may take.
  EXPECT_TRUE(spent < kAttack / 4 || logs("served less often: waking it takes long")) << log();
  expect_service();
}

// Exhaustion.

TEST_F(RegionsAttack, DescriptorsInMessagesAreNobodysBurden) {
  const pid_t daemon = daemon_pid();
  const long before = descriptors_of(daemon);
  Intruder intruder(kAttacker, [&]() -> std::string {
    for (int round = 0; round < 100; ++round) {
      RawClient raw = client();
      raw.welcomed();
      // The socket through itself: a circle that only the kernel's collector can undo.
      const std::vector<int> circle(wire::kMaxDescriptors, raw.socket());
      wire::Detach message;
      POSSIBLE(wire::send(raw.socket(), wire::prepare(message), circle) == wire::Outcome::done);
      std::array<int, 2> pair{};
      POSSIBLE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair.data()) == 0);
      POSSIBLE(wire::send(pair[0], wire::prepare(message), pair) == wire::Outcome::done);
      [[maybe_unused]] const auto sent = wire::send(raw.socket(), wire::prepare(message), pair);
      POSSIBLE(raw.receive() == wire::Outcome::closed);
      ::close(pair[0]);
      ::close(pair[1]);
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  expect_service();
  EXPECT_LE(descriptors_of(daemon), before + 4);
}

TEST_F(RegionsAttack, HalfOpenSessionsAreBounded) {
  const pid_t daemon = daemon_pid();
  const long before = descriptors_of(daemon);
  Intruder intruder(kAttacker, [&]() -> std::string {
    static std::vector<UniqueFd> silent;
    for (int i = 0; i < 200; ++i) {
      auto connected = wire::connect_to(own_socket());
      if (connected) silent.push_back(std::move(*connected));
    }
    // As a host program, too.
    for (int i = 0; i < 200; ++i) {
      auto connected = wire::connect_to(host_socket());
      if (connected) silent.push_back(std::move(*connected));
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  expect_service();
  // A socket and a process each: the VM's vdev twice and 4 more, and a user's 64.
  const long most = before + 2 * (6 + 64) + 4;
  // Those that were refused are closed by and by: so many may be waiting for it.
  constexpr long kMostToClose = 64;
  EXPECT_LE(descriptors_of(daemon), most + kMostToClose);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (descriptors_of(daemon) > most && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_LE(descriptors_of(daemon), most);
}

TEST_F(RegionsAttack, AVmCannotUseUpTheHost) {
  Intruder intruder(kAttacker, [&]() -> std::string {
    RawClient& raw = lasting_client();
    raw.welcomed();
    unsigned connections = 0;
    for (int i = 0; i < 200; ++i) {
      const auto* reply = raw.attached("pub" + std::to_string(i));
      POSSIBLE(reply != nullptr);
      if (reply->status == 0) ++connections;
    }
    if (connections != 64) return "it has " + std::to_string(connections) + " connections";
    wire::Detach everything;
    raw.send_one(everything);
    for (const std::uint32_t pages : {0xffffffffU, 0x80000000U, 0x00100001U}) {
      const auto* reply = raw.attached("pub", pages);
      if (reply == nullptr || reply->status != 2) return "it was given " + std::to_string(pages) + " pages";
    }
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  expect_service();
}

// What others read.

TEST_F(RegionsAttack, NothingButTextComesIntoTheLogAndTheState) {
  const std::string ugly = "a\n\x1b[2Jregiond: VM 'victim' is gone\x9b\x7f";
  Intruder intruder(kAttacker, [&]() -> std::string {
    for (const std::string& socket : {own_socket(), host_socket()}) {
      RawClient raw(socket, ugly);
      raw.hello();
      if (raw.receive() == wire::Outcome::done) raw.attached(ugly);
    }
    RawClient& raw = lasting_client();
    raw.welcomed();
    raw.attached(ugly.substr(0, 31));
    static RawClient program(host_socket(), ugly);
    program.welcomed();
    program.attached("public");
    return "";
  });
  EXPECT_EQ(intruder.verdict(), "fine");
  const auto state = admin().describe_json();
  ASSERT_TRUE(state);
  for (const std::string& text : {log(), *state}) {
    for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << text;
    EXPECT_EQ(text.find("\nregiond: VM 'victim' is gone"), std::string::npos) << text;
  }
  EXPECT_TRUE(logs("a??[2J")) << log();
}

}  // namespace
}  // namespace qvm::regions
