// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/keeper/keeper.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "qvm/base/passed_descriptors.h"

namespace qvm::regions {
namespace {

constexpr std::size_t kStuffed = 100;
constexpr rlim_t kFewer = 64;

// Puts more descriptors under way than the user's processes may have there: nobody can send another one.
bool stuff(int socket) {
  std::array<int, kStuffed> fds{};
  fds.fill(socket);
  const std::byte byte{};
  return send_passing(socket, std::span(&byte, 1), fds) == 0;
}

void drain(int socket) {
  char byte = 0;
  [[maybe_unused]] const auto got = ::recv(socket, &byte, 1, MSG_DONTWAIT);
}

constexpr KeeperKey kKey = 7;
constexpr int kAlarmSeconds = 30;  // a test that waits for ever ends

// Gives the keeper something to hold, does what is to be done last, and is killed.
template <class Last>
int live_and_die(UniqueFd socket, const Last& last) {
  ::alarm(kAlarmSeconds);
  KeeperLink link(std::move(socket));
  const auto kept = link.take_back();
  const UniqueFd precious(::eventfd(0, EFD_CLOEXEC));
  const KeptRef ref{kKey, precious.get()};
  if (!kept || !link.keep(std::span(&ref, 1)) || !link.serving() || !last()) return 1;
  return ::raise(SIGKILL);
}

// Ends well if it gets what was kept.
int take_over(UniqueFd socket) {
  ::alarm(kAlarmSeconds);
  KeeperLink link(std::move(socket));
  const auto kept = link.take_back();
  if (!kept || !kept->contains(kKey)) return 1;
  link.bye();
  return 0;
}

// Both work in a process of its own, and return its exit status.
template <class Work>
Result<int> in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child < 0 ? Result<int>(fail_errno("fork")) : child;
}
template <class Work>
void expect_well(const Work& work) {
  const auto child = in_child([&] {
    ::alarm(kAlarmSeconds);
    ::signal(SIGPIPE, SIG_IGN);
    return work();
  });
  ASSERT_TRUE(child);
  int status = 0;
  ASSERT_EQ(::waitpid(*child, &status, 0), *child);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// With the rights, and the limits, of nobody special.
int keep_in_a_crowd() {
  if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 10;
  const rlimit limit{kFewer, kFewer};
  std::array<int, 2> crowd{};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      ::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, crowd.data()) != 0) {
    return 11;
  }
  int starts = 0;
  const auto start = [&](UniqueFd socket) {
    if (++starts == 3) drain(crowd[1]);
    return in_child([&] {
      return starts == 1 ? live_and_die(std::move(socket), [&] { return stuff(crowd[0]); })
                         : take_over(std::move(socket));
    });
  };
  const int status = run_keeper(start, UniqueFd());
  return status != 0 ? status : starts == 3 ? 0 : 12;
}

// Neither waits for the other for ever.
TEST(RegionKeeper, WhoCannotBeToldWhatThereIsIsStartedAgain) {
  expect_well(keep_in_a_crowd);
}

TEST(RegionKeeper, AStartThatFailsIsTriedAgainAfterPausesThatGrow) {
  expect_well([] {
    std::vector<std::chrono::milliseconds> pauses;
    int starts = 0;
    const auto start = [&](UniqueFd socket) -> Result<int> {
      ++starts;
      if (starts > 1 && starts < 6) return fail_errno("fork", EAGAIN);
      return in_child([&] {
        return starts == 1 ? live_and_die(std::move(socket), [] { return true; })
                           : take_over(std::move(socket));
      });
    };
    const int status = run_keeper(start, UniqueFd(), {}, [&](auto time) { pauses.push_back(time); });
    if (status != 0) return status;
    using std::chrono::milliseconds;
    const std::vector expected = {milliseconds(50), milliseconds(100), milliseconds(200), milliseconds(400)};
    return pauses == expected ? 0 : 13;
  });
}

TEST(RegionKeeper, WhoHasNothingToLoseGivesUpAtOnce) {
  int starts = 0;
  const auto start = [&](UniqueFd) -> Result<int> {
    ++starts;
    return fail_errno("fork", EAGAIN);
  };
  EXPECT_EQ(run_keeper(start, UniqueFd(), {}, [](auto) {}), 1);
  EXPECT_EQ(starts, 1);
}

}  // namespace
}  // namespace qvm::regions
