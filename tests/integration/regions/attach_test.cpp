// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <sys/mman.h>

#include <cstring>
#include <filesystem>

#include "qvm/base/mapping.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RegionsAttach : public RegionsFixture {};

TEST_F(RegionsAttach, TwoClientsShareDataAndSignals) {
  auto left = vm_client("left");
  auto right = host_client();
  Connection* a = attach(*left, "moo", 3);
  Connection* b = attach(*right, "moo", 77);

  EXPECT_EQ(a->index(), 0U);
  EXPECT_EQ(b->index(), 1U);
  EXPECT_EQ(a->pages(), 3U);
  EXPECT_EQ(b->pages(), 3U);
  auto data_a = Mapping::map(a->data_fd(), 3 * kPageBytes, Mapping::Access::read_write);
  auto data_b = Mapping::map(b->data_fd(), 3 * kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(data_a && data_b);
  std::strcpy(static_cast<char*>(data_a->data()), "hello");
  EXPECT_STREQ(static_cast<char*>(data_b->data()), "hello");

  ASSERT_TRUE(process_until(*left, [&] { return a->pending(); }));
  EXPECT_EQ(a->read_status(), 0x00030000U);
  EXPECT_FALSE(a->pending());
  EXPECT_FALSE(b->pending()) << "my own attach is no news";

  a->notify(1U << 1);
  ASSERT_TRUE(process_until(*right, [&] { return b->pending(); }));
  EXPECT_EQ(b->read_status(), 0x00030001U);
  EXPECT_EQ(b->read_status(), 0x00030000U);

  ASSERT_TRUE(admin().remove_vm("left"));
  ASSERT_TRUE(process_until(*right, [&] { return b->pending(); }));
  EXPECT_EQ(b->read_status(), 0x00020000U);
}

TEST_F(RegionsAttach, ToMyselfOnlyIfSaidLiterally) {
  auto client = host_client();
  Connection* a = attach(*client, "moo");
  a->notify(0xffffffff);
  client->process();
  EXPECT_FALSE(a->pending());
  a->notify(0xffff);
  ASSERT_TRUE(process_until(*client, [&] { return a->pending(); }));
  EXPECT_EQ(a->read_status(), 0x00010001U);
}

TEST_F(RegionsAttach, ClientsAreCountedForTheSupervisor) {
  const auto clients = [this] {
    const auto answer = admin().clients("moo");
    EXPECT_TRUE(answer) << answer.error().message();
    return answer.value_or(std::nullopt);
  };
  EXPECT_EQ(clients(), std::nullopt);
  ASSERT_TRUE(admin().add_region({.name = "moo", .bytes = kPageBytes}));
  EXPECT_EQ(clients(), 0U);
  auto left = vm_client("left");
  attach(*left, "moo");
  auto right = host_client();
  attach(*right, "moo");
  EXPECT_EQ(clients(), 2U);
  ASSERT_TRUE(admin().remove_vm("left"));
  EXPECT_EQ(clients(), 1U);
  ASSERT_TRUE(admin().remove_region("moo"));
}

// A qvmd takes RUN/vm away with its last VM. The next set of VMs comes to the same qvm-regiond.
TEST_F(RegionsAttach, WhoStaysKeepsNobodyFromComingLater) {
  auto staying = host_client();
  attach(*staying, "moo");
  for (const char* name : {"left", "right"}) {
    auto vm = vm_client(name);
    Connection* connection = attach(*vm, "moo");
    ASSERT_NE(connection, nullptr);
    ASSERT_TRUE(admin().remove_vm(name));
    close_admin();
    std::filesystem::remove(directory() + "/vm");
    reopen_admin();
  }
  EXPECT_NO_THROW(daemon_pid());
}

}  // namespace
}  // namespace qvm::regions
