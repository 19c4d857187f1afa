// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qvm/base/mapping.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RegionsLimits : public RegionsFixture {
 protected:
  Status try_attach(Client& client, const std::string& name, std::uint32_t pages = 1,
                    std::uint32_t mode = 0) {
    return client.attach({.name = name, .pages = pages, .mode = mode}, kDeadline).status;
  }
};

TEST_F(RegionsLimits, SixteenClientsTalkToEachOther) {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Connection*> connections;
  for (unsigned i = 0; i < kMaxClients; ++i) {
    clients.push_back(host_client());
    connections.push_back(attach(*clients.back(), "moo"));
    ASSERT_EQ(connections.back()->index(), i);
  }
  auto late = host_client();
  EXPECT_EQ(try_attach(*late, "moo"), Status::client_max);
  for (Connection* one : connections) one->notify(0xffffffff);
  for (unsigned i = 0; i < kMaxClients; ++i) {
    std::uint32_t got = 0;
    ASSERT_TRUE(process_until(*clients[i], [&] {
      return ((got |= connections[i]->read_status()) & 0xffff) == (0xffffU & ~(1U << i));
    }));
    EXPECT_EQ(got >> 16, 0xffffU);
  }
  clients[5].reset();
  ASSERT_TRUE(process_until(*clients[6], [&] { return connections[6]->pending(); }));
  EXPECT_EQ(connections[6]->read_status(), 0xffdf0000U);
  EXPECT_EQ(attach(*late, "moo")->index(), 5U);
}

TEST_F(RegionsLimits, StatusCodes) {
  VmPolicy policy = plain_vm("left");
  policy.bytes = 4 * kPageBytes;
  policy.connections = 6;
  policy.vdevs[0].rules = {{false, "secret*", "left.qvmconf:1:1"}};
  ASSERT_TRUE(admin().add_vm(policy));
  auto client = connect_vm("left");
  EXPECT_EQ(try_attach(*client, "moo", 0), Status::unknown_failure);
  EXPECT_EQ(try_attach(*client, "moo", 5), Status::no_memory);
  EXPECT_EQ(try_attach(*client, "moo", 0xffffffff), Status::no_memory);
  EXPECT_EQ(try_attach(*client, ""), Status::illegal_name);
  EXPECT_EQ(try_attach(*client, std::string(32, 'a')), Status::illegal_name);
  EXPECT_EQ(try_attach(*client, std::string(5000, 'a')), Status::illegal_name);
  EXPECT_EQ(try_attach(*client, "secret1"), Status::no_permission);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_attach(*client, "moo"), Status::ok);
  EXPECT_EQ(try_attach(*client, "moo"), Status::client_max);
  EXPECT_EQ(try_attach(*client, "a"), Status::ok);
  EXPECT_EQ(try_attach(*client, "b"), Status::ok);
  EXPECT_EQ(try_attach(*client, "c"), Status::client_max);
  ASSERT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsLimits, ReadOnlyMeansReadOnly) {
  ASSERT_TRUE(admin().add_region({"view", kPageBytes, 0444, ::getuid(), ::getgid()}));
  auto client = host_client();
  Connection* connection = attach(*client, "view");
  EXPECT_FALSE(connection->writable());
  EXPECT_EQ(Mapping::map(connection->data_fd(), kPageBytes, Mapping::Access::read_write).error().code(),
            EACCES);
  EXPECT_TRUE(Mapping::map(connection->data_fd(), kPageBytes, Mapping::Access::read_only));
  ASSERT_TRUE(admin().remove_region("view"));
}

TEST_F(RegionsLimits, NobodyResizesOrSealsARegion) {
  auto client = host_client();
  const Connection* connection = attach(*client, "moo", 2);
  const int fd = connection->data_fd();
  EXPECT_EQ(::ftruncate(fd, kPageBytes), -1);
  EXPECT_EQ(::ftruncate(fd, 3 * kPageBytes), -1);
  EXPECT_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  struct stat info {};
  ASSERT_EQ(::fstat(fd, &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(info.st_blocks * 512, 2 * kPageBytes) << "reserved";
}

TEST_F(RegionsLimits, RegionsOfAVmComeAndGoWithIt) {
  VmPolicy policy = plain_vm("left");
  policy.vdevs[0].creates = {{"moo", 10000, 0666, std::nullopt, ""}};
  ASSERT_TRUE(admin().add_vm(policy));
  auto client = host_client();
  EXPECT_EQ(attach(*client, "moo", 0)->pages(), 3U);
  client.reset();
  client = host_client();
  EXPECT_EQ(try_attach(*client, "moo", 0), Status::ok);
  client->detach(client->connections().front());
  ASSERT_TRUE(admin().remove_vm("left"));
  EXPECT_EQ(try_attach(*client, "moo", 0), Status::unknown_failure);
}

TEST_F(RegionsLimits, AFreshRegionIsZero) {
  auto client = host_client();
  for (int i = 0; i < 3; ++i) {
    Connection* connection = attach(*client, "moo", 4);
    auto data = Mapping::map(connection->data_fd(), 4 * kPageBytes, Mapping::Access::read_write);
    ASSERT_TRUE(data);
    auto* bytes = static_cast<unsigned char*>(data->data());
    for (std::size_t at = 0; at < 4 * kPageBytes; ++at) ASSERT_EQ(bytes[at], 0);
    bytes[5000] = 1;
    client->detach(connection);
  }
}

TEST_F(RegionsLimits, AdminErrorsAreClear) {
  ASSERT_TRUE(admin().add_vm(plain_vm("left")));
  EXPECT_EQ(admin().add_vm(plain_vm("left")).error().message(), "a VM of this name is registered already");
  EXPECT_EQ(admin().add_vm(plain_vm("left", 2)).error().message(), "a VM named 'left' is registered already");
  EXPECT_EQ(admin().remove_vm("right").error().message(), "no VM named 'right' is registered");
  EXPECT_EQ(admin().add_vm(plain_vm("a/b")).error().message(),
            "'a/b' cannot be a VM's name: it must fit a file name of at most 64 bytes");
  EXPECT_EQ(admin().add_region({"moo", UINT64_MAX, 0666, 0, 0}).error().message(),
            "region 'moo': it exceeds a bound on bytes");
  ASSERT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsLimits, AVmIsOnlyItsOwnVdevs) {
  ASSERT_TRUE(admin().add_vm(plain_vm("left")));
  const auto refused = Client::connect(directory() + "/vm/left/regions.sock", "shmem7");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            directory() + "/vm/left/regions.sock: qvm-regiond refused the connection (its log says why)");
  ASSERT_TRUE(admin().remove_vm("left"));
}

TEST_F(RegionsLimits, VmDirectoriesAreClosedToOthers) {
  VmPolicy policy = plain_vm("left");
  ASSERT_TRUE(admin().add_vm(policy));
  struct stat info {};
  ASSERT_EQ(::stat((directory() + "/vm/left").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0750U);
  ASSERT_EQ(::stat((directory() + "/vm/left/regions.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0007, 0U);
  ASSERT_EQ(::stat((directory() + "/regiond").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  ASSERT_TRUE(admin().remove_vm("left"));
}

}  // namespace
}  // namespace qvm::regions
