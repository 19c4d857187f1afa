// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <vector>

#include "qvm/base/passed_descriptors.h"
#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

using test::TemporaryDirectory;

UniqueFd listener_at(const std::string& path, int kind) {
  UniqueFd socket(::socket(AF_UNIX, kind | SOCK_CLOEXEC, 0));
  const auto address = unix_address(path).value();
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 1) != 0)
    socket.reset();
  return socket;
}

TEST(UnixSocket, IsReachedByAPathThatIsLongerThanAnAddress) {
  const TemporaryDirectory directory;
  const std::filesystem::path deep =
      std::filesystem::path(directory.path()) / std::string(100, 'd') / std::string(100, 'e');
  std::filesystem::create_directories(deep);
  const std::string path = deep / "socket";
  EXPECT_FALSE(unix_address(path));
  EXPECT_EQ(connect_unix(path).error().code(), ENOENT);
  // Bound by a short path to the same place.
  const std::string link = directory.path() + "/short";
  std::filesystem::create_directory_symlink(deep, link);
  const UniqueFd listener = listener_at(link + "/socket", SOCK_SEQPACKET);
  ASSERT_TRUE(listener);
  EXPECT_EQ(connect_unix(path).error().code(), EPROTOTYPE);
  const auto socket = connect_unix(path, SOCK_SEQPACKET);
  ASSERT_TRUE(socket) << socket.error().message();
  const auto peer = peer_credentials(socket->get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_FALSE(peer_credentials(STDIN_FILENO));
}

int send_some(const SocketPair& pair, const std::vector<int>& descriptors) {
  constexpr std::array<std::byte, 3> kData{};
  return send_passing(pair.one.get(), kData, descriptors);
}

TEST(PassedDescriptors, ComeWithTheirMessage) {
  const SocketPair pair = make_socket_pair(SOCK_SEQPACKET).value();
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  ASSERT_EQ(send_some(pair, {event.get(), event.get()}), 0);
  ASSERT_EQ(send_some(pair, {}), 0);
  std::array<std::byte, 8> data{};
  const Passed first = receive_passed(pair.other.get(), data, 2, 0);
  EXPECT_EQ(first.bytes, 3);
  EXPECT_FALSE(first.cut || first.lost);
  ASSERT_EQ(first.descriptors.size(), 2U);
  const std::uint64_t one = 1;
  EXPECT_EQ(::write(first.descriptors[1].get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  std::uint64_t count = 0;
  EXPECT_EQ(::read(event.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
  EXPECT_TRUE(receive_passed(pair.other.get(), data, 2, 0).descriptors.empty());
  const Passed none = receive_passed(pair.other.get(), data, 2, MSG_DONTWAIT);
  EXPECT_EQ(none.bytes, -1);
  EXPECT_EQ(none.code, EAGAIN);
}

TEST(PassedDescriptors, ThatNobodyWantsAreClosed) {
  const SocketPair pair = make_socket_pair(SOCK_SEQPACKET).value();
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  ASSERT_EQ(send_some(pair, std::vector<int>(10, event.get())), 0);
  const int next = ::dup(event.get());
  ::close(next);
  std::array<std::byte, 2> data{};
  {
    const Passed passed = receive_passed(pair.other.get(), data, 4, 0);
    EXPECT_TRUE(passed.lost);
    EXPECT_TRUE(passed.cut);
    EXPECT_LE(passed.descriptors.size(), 5U);
  }
  const UniqueFd now(::dup(event.get()));
  EXPECT_EQ(now.get(), next);
}

TEST(PassedDescriptors, AreNotWaitedFor) {
  const SocketPair pair = make_socket_pair(SOCK_SEQPACKET).value();
  int code = 0;
  for (int i = 0; i < 100'000 && code == 0; ++i) code = send_some(pair, {});
  EXPECT_EQ(code, EAGAIN);
}

}  // namespace
}  // namespace qvm
