// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A client that speaks the protocol itself, wrongly.
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "qvm/regions/wire/wire.h"
#include "tests/support/raw_client.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

// A connected TCP socket that closing waits for, and its other end. Empty if there is no loopback.
std::pair<UniqueFd, UniqueFd> lingering_pair() {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  UniqueFd mine(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), where, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), where, &size) != 0 || ::connect(mine.get(), where, size) != 0) {
    return {};
  }
  UniqueFd other(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger forever{1, 3600};
  ::setsockopt(mine.get(), SOL_SOCKET, SO_LINGER, &forever, sizeof forever);
  const std::vector<char> data(1 << 16);
  while (::send(mine.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  return {std::move(mine), std::move(other)};
}

class RegionsHostile : public RegionsFixture {
 protected:
  void expect_cut_off(RawClient& client) {
    wire::Outcome outcome = wire::Outcome::done;
    while (outcome == wire::Outcome::done) outcome = client.receive();
    EXPECT_EQ(outcome, wire::Outcome::closed);
    auto other = host_client();
    attach(*other, "still serving");
  }
};

TEST_F(RegionsHostile, EmptyPacket) {
  RawClient client(host_socket());
  client.send(std::span<const std::byte>());
  expect_cut_off(client);
}

TEST_F(RegionsHostile, EveryShortenedHello) {
  wire::Hello hello;
  const auto whole = wire::prepare(hello, 0, wire::sent_size(hello));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    RawClient client(host_socket());
    client.send(whole.first(size));
    EXPECT_EQ(client.receive(), wire::Outcome::closed) << size;
  }
}

TEST_F(RegionsHostile, WrongMagicVersionSizeAndType) {
  for (const std::size_t at : {0U, 4U, 6U, 8U}) {
    wire::Hello hello;
    const auto whole = wire::prepare(hello, 0, wire::sent_size(hello));
    std::vector<std::byte> bytes(whole.begin(), whole.end());
    bytes[at] ^= std::byte{0x40};
    RawClient client(host_socket());
    client.send(bytes);
    expect_cut_off(client);
  }
}

TEST_F(RegionsHostile, MoreConnectionsThanTheMessageHolds) {
  wire::Hello hello;
  const auto whole = wire::prepare(hello, 0, wire::sent_size(hello));
  hello.count = 0xffffffff;
  RawClient client(host_socket());
  client.send(whole);
  expect_cut_off(client);
}

TEST_F(RegionsHostile, AnythingBeforeTheHello) {
  RawClient client(host_socket());
  client.attach("moo");
  expect_cut_off(client);
}

TEST_F(RegionsHostile, SecondHello) {
  RawClient client(host_socket());
  client.welcomed();
  client.hello();
  expect_cut_off(client);
}

TEST_F(RegionsHostile, MessagesOfTheOtherDirection) {
  for (const auto type : {wire::Type::welcome, wire::Type::attached, wire::Type::came, wire::Type::roster}) {
    RawClient client(host_socket());
    client.welcomed();
    wire::Detach message;
    const auto whole = wire::prepare(message);
    message.header.type = static_cast<std::uint16_t>(type);
    client.send(whole);
    expect_cut_off(client);
  }
}

TEST_F(RegionsHostile, DescriptorsAreNotTaken) {
  RawClient client(host_socket());
  client.welcomed();
  wire::Detach message;
  const int descriptors[] = {0, 1, 2};
  client.send(wire::prepare(message), descriptors);
  expect_cut_off(client);
}

TEST_F(RegionsHostile, NamesOfAnyLengthAndContent) {
  RawClient client(host_socket());
  client.welcomed();
  for (const std::uint32_t size : {0U, 32U, 33U, 0x80000000U, 0xffffffffU}) {
    wire::Attach message;
    message.pages = 1;
    message.name_size = size;
    message.name.fill('\xff');
    client.send_one(message);
    ASSERT_EQ(client.receive(), wire::Outcome::done);
    ASSERT_NE(client.message.as<wire::AttachReply>(), nullptr);
    EXPECT_EQ(client.message.as<wire::AttachReply>()->status,
              static_cast<std::uint32_t>(Status::illegal_name));
  }
}

TEST_F(RegionsHostile, SomebodyElsesConnectionIsNotDetached) {
  auto victim = host_client();
  Connection* connection = attach(*victim, "moo");
  RawClient client(host_socket());
  client.welcomed();
  for (std::uint64_t id = 1; id < 50; ++id) {
    wire::Detach message;
    message.connection = id;
    client.send_one(message);
    ASSERT_EQ(client.receive(), wire::Outcome::done);
  }
  auto other = host_client();
  EXPECT_EQ(attach(*other, "moo")->index(), 1U);
  ASSERT_TRUE(process_until(*victim, [&] { return connection->read_status() == 0x00030000; }));
}

TEST_F(RegionsHostile, SomebodyElsesSessionIsNotTakenOver) {
  // A process of the same user, but another one.
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto client = Client::connect(host_socket(), "victim");
    const bool good =
        client && (*client)->attach({.name = "moo", .pages = 1}, kDeadline).connection != nullptr;
    [[maybe_unused]] const auto written = ::write(ends[1], good ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char good = 'n';
  ASSERT_EQ(::read(ends[0], &good, 1), 1);
  ASSERT_EQ(good, 'y');
  for (std::uint64_t session = 1; session < 20; ++session) {
    RawClient client(host_socket());
    client.hello(session);
    ASSERT_EQ(client.receive(), wire::Outcome::done);
    ASSERT_NE(client.message.as<wire::Welcome>(), nullptr);
    EXPECT_EQ(client.message.as<wire::Welcome>()->resumed, 0U);
  }
  kill_and_wait(child);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(RegionsHostile, AClientThatReadsNoRepliesIsNotReadEither) {
  RawClient greedy(host_socket());
  greedy.welcomed();
  wire::Detach request;
  request.connection = 1;
  const auto bytes = wire::prepare(request);
  bool full = false;
  for (int i = 0; i < 20'000 && !full; ++i) {
    full = wire::send(greedy.socket(), bytes, {}) == wire::Outcome::would_block;
  }
  ASSERT_TRUE(full);
  auto other = host_client();
  attach(*other, "still serving");
  // It goes on where it was.
  int replies = 0;
  for (; replies < 20 && greedy.receive() == wire::Outcome::done; ++replies) {
  }
  EXPECT_EQ(replies, 20);
}

TEST_F(RegionsHostile, RandomBytesNeverStopTheDaemon) {
  std::mt19937 random(1);
  const auto daemon = daemon_pids();
  for (int i = 0; i < 300; ++i) {
    RawClient client(host_socket());
    client.welcomed();
    wire::Hello shell;
    shell.count = random() % 8;
    const auto whole = wire::prepare(shell, 0, 16 + random() % 200);
    std::vector<std::byte> bytes(whole.begin(), whole.end());
    for (std::size_t at = 16; at < bytes.size(); ++at) bytes[at] = static_cast<std::byte>(random());
    bytes[6] = static_cast<std::byte>(random() % 24);
    client.send(bytes);
  }
  auto other = host_client();
  attach(*other, "still serving");
  EXPECT_EQ(daemon_pids(), daemon);
}

TEST_F(RegionsHostile, AFloodOfRefusalsDoesNotFillTheLog) {
  for (int i = 0; i < 400; ++i) {
    RawClient client(host_socket());
    client.attach("before any hello");
    ASSERT_EQ(client.receive(), wire::Outcome::closed);
  }
  auto client = host_client();
  for (int i = 0; i < 400; ++i)
    EXPECT_EQ(client->attach({.name = "a/b"}, kDeadline).status, Status::illegal_name);
  EXPECT_LT(std::filesystem::file_size(directory() + "/log/regiond.log"), 40'000U);
}

// Closing a descriptor can wait for as long as whoever made it likes: here a TCP socket that lingers over
// data that nobody will ever read. The last one to close it is whoever the message was for.
TEST_F(RegionsHostile, DescriptorsThatTakeForeverToCloseStallNobody) {
  constexpr int kAttackers = 8;
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  // Processes of their own: each may come to wait for the close itself.
  std::vector<pid_t> attackers;
  for (int i = 0; i < kAttackers; ++i) {
    attackers.push_back(::fork());
    if (attackers.back() != 0) continue;
    RawClient client(host_socket());
    if (i % 2 == 0) client.welcomed();  // the others are cut off before
    auto [lingering, other] = lingering_pair();
    wire::Detach message;
    const int descriptor = lingering.get();
    const bool sent =
        wire::send(client.socket(), wire::prepare(message), {&descriptor, 1}) == wire::Outcome::done;
    [[maybe_unused]] const auto written = ::write(ends[1], sent ? "y" : "n", 1);
    lingering.reset();
    for (;;) ::pause();
  }
  for (int i = 0; i < kAttackers; ++i) {
    char sent = 'n';
    ASSERT_EQ(::read(ends[0], &sent, 1), 1);
    ASSERT_EQ(sent, 'y');
  }
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    auto client = host_client();
    ASSERT_NE(client, nullptr);
    ASSERT_NE(attach(*client, "moo"), nullptr);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  for (const pid_t attacker : attackers) {
    ::kill(attacker, SIGKILL);
    ::waitpid(attacker, nullptr, 0);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  std::ifstream log(directory() + "/log/regiond.log");
  int cut_off = 0;
  for (std::string line; std::getline(log, line);) {
    if (line.find("cut off: it sent descriptors") != std::string::npos) ++cut_off;
  }
  EXPECT_EQ(cut_off, kAttackers);
}

TEST_F(RegionsHostile, SomebodyElseCannotTakeOverAnOldSessionOfTheSameProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_EQ(::chmod(directory().c_str(), 0755), 0);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto client = Client::connect(host_socket(), "was root");
    bool good = client && (*client)->attach({.name = "moo", .pages = 1}, kDeadline).connection != nullptr;
    good = good && ::setresuid(65534, 65534, 65534) == 0;
    // Nobody hears this one's EXPECTs.
    std::uint32_t resumed = 0;
    for (std::uint64_t session = 1; session < 8 && good; ++session) {
      RawClient thief(host_socket());
      thief.hello(session);
      good = thief.receive() == wire::Outcome::done && thief.message.as<wire::Welcome>() != nullptr;
      if (good) resumed += thief.message.as<wire::Welcome>()->resumed;
    }
    const char verdict = !good ? 'f' : resumed != 0 ? 'y' : 'n';
    [[maybe_unused]] const auto written = ::write(ends[1], &verdict, 1);
    ::_exit(0);
  }
  char verdict = 'f';
  ASSERT_EQ(::read(ends[0], &verdict, 1), 1);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(verdict, 'n');
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace qvm::regions
