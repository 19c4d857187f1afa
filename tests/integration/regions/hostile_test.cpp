// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A client that speaks the protocol itself, wrongly.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "qvm/regions/wire.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RawClient {
 public:
  explicit RawClient(const std::string& socket) {
    auto connected = wire::connect_to(socket.c_str());
    EXPECT_TRUE(connected) << connected.error().message();
    if (connected) x_socket = std::move(*connected);
  }

  int socket() const { return x_socket.get(); }
  void send(std::span<const std::byte> bytes, std::span<const int> descriptors = {}) {
    EXPECT_EQ(wire::send(x_socket.get(), bytes, descriptors), wire::Outcome::done);
  }
  template <class T>
  void send_one(T request) {
    send(wire::prepare(request));
  }
  void hello(std::uint64_t resume = 0) {
    wire::Hello request;
    std::strcpy(request.who.data(), "raw");
    request.resume = resume;
    send(wire::prepare(request, 0, wire::sent_size(request)));
  }
  void attach(const std::string& name, std::uint32_t pages = 1) {
    wire::Attach request;
    request.pages = pages;
    request.name_size = static_cast<std::uint32_t>(name.size());
    std::memcpy(request.name.data(), name.data(), name.size());
    send(wire::prepare(request, 7));
  }
  // The next message, waiting up to 5 s.
  wire::Outcome receive() {
    pollfd waiting{x_socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5000) != 1) return wire::Outcome::would_block;
    return wire::receive(x_socket.get(), message, wire::kMaxDescriptors);
  }
  std::uint64_t welcomed() {
    hello();
    EXPECT_EQ(receive(), wire::Outcome::done);
    const auto* welcome = message.as<wire::Welcome>();
    EXPECT_NE(welcome, nullptr);
    return welcome != nullptr ? welcome->session : 0;
  }

  wire::Message message;

 private:
  UniqueFd x_socket;
};

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

TEST_F(RegionsHostile, AClientThatDoesNotReadIsCutOffAndStallsNobody) {
  RawClient deaf(host_socket());
  deaf.welcomed();
  deaf.attach("moo");
  auto busy = host_client();
  bool alone = false;
  for (int i = 0; i < 3000 && !alone; ++i) {
    Connection* connection = attach(*busy, "moo");
    ASSERT_NE(connection, nullptr);
    alone = connection->index() == 0;
    busy->detach(connection);
  }
  EXPECT_TRUE(alone) << "its index was never freed";
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

}  // namespace
}  // namespace qvm::regions
