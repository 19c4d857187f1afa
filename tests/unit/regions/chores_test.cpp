// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/chores.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "qvm/regions/server/memory.h"

namespace qvm::regions {
namespace {

TEST(RegionChores, EverythingIsDoneInTheEnd) {
  constexpr std::uint64_t kBytes = 64 * 4096;
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const UniqueFd other(ends[1]);
  auto memory = create_memory("test", kBytes);
  ASSERT_TRUE(memory);
  const UniqueFd kept(::fcntl(memory->get(), F_DUPFD_CLOEXEC, 0));
  {
    Chores chores;
    chores.close(UniqueFd(ends[0]));
    chores.free_memory(std::move(*memory), kBytes);
    chores.close(UniqueFd());
  }
  pollfd hung_up{other.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&hung_up, 1, 0), 1);
  struct stat info {};
  ASSERT_EQ(::fstat(kept.get(), &info), 0);
  EXPECT_EQ(info.st_blocks, 0);
  EXPECT_EQ(static_cast<std::uint64_t>(info.st_size), kBytes);
}

}  // namespace
}  // namespace qvm::regions
