// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "qvm/base/mapping.h"
#include "tests/support/regions_fixture.h"
#include "tests/support/sanitizers.h"

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
            "'a/b' cannot be a VM's name: it has at most 64 letters, digits, '-', '_' and '.', the first a "
            "letter, a digit or '_'");
  // How much there is in all is the host's.
  EXPECT_THAT(admin().add_region({"moo", UINT64_MAX, 0666, 0, 0}).error().message(),
              testing::MatchesRegex("region 'moo': it exceeds a limit: bytes in all: 0 of [0-9]+ used, "
                                    "18446744073709547520 more wanted"));
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

TEST_F(RegionsLimits, OfAManifestCountForAllOfItsVms) {
  const SystemLimits limits{"/system.yaml", 4 * kPageBytes, 3, 3, "system.yaml:2:1"};
  for (const char* name : {"left", "right"}) {
    VmPolicy policy = plain_vm(name);
    policy.system = limits;
    policy.regions = 2;
    ASSERT_TRUE(admin().add_vm(policy));
  }
  auto left = connect_vm("left");
  auto right = connect_vm("right");
  EXPECT_EQ(try_attach(*left, "a", 3), Status::ok);
  EXPECT_EQ(try_attach(*right, "b", 2), Status::no_memory);
  EXPECT_EQ(try_attach(*right, "b", 1), Status::ok);
  EXPECT_EQ(try_attach(*right, "a", 0), Status::ok);
  EXPECT_EQ(try_attach(*left, "b", 0), Status::client_max);
  EXPECT_EQ(admin()
                .add_region({.name = "m", .bytes = 1, .place = "system.yaml:9:3", .system = limits})
                .error()
                .message(),
            "region 'm' (system.yaml:9:3): it exceeds a limit: bytes of the manifest and its VMs: 16384 of "
            "16384 used, "
            "4096 more wanted (system.yaml:2:1); make it smaller, or raise 'memory' in the limits at the top "
            "of the manifest");
  // They count on after a restart.
  kill_daemon();
  reopen_admin();
  EXPECT_EQ(try_attach(*left, "b", 0), Status::client_max);
  left.reset();
  right.reset();
  ASSERT_TRUE(admin().remove_vm("left"));
  ASSERT_TRUE(admin().remove_vm("right"));
}

TEST_F(RegionsLimits, ALockedRegionIsLocked) {
  if (test::kSanitized) GTEST_SKIP() << "a sanitizer makes mlock() a call without effect";
  ASSERT_TRUE(admin().add_region({.name = "moo",
                                  .bytes = 64 * kPageBytes,
                                  .owner = ::getuid(),
                                  .group = ::getgid(),
                                  .backing = {HugePages::none, true}}));
  const auto locked_kib = [this] {
    // An answer means that the one that is asked about has taken over.
    EXPECT_TRUE(admin().describe_json());
    std::ifstream status("/proc/" + std::to_string(daemon_pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmLck:")) return std::stoul(line.substr(6));
    }
    return 0UL;
  };
  EXPECT_EQ(locked_kib(), 256U);
  kill_daemon();
  reopen_admin();
  EXPECT_EQ(locked_kib(), 256U) << "after a restart";
  ASSERT_TRUE(admin().remove_region("moo"));
  EXPECT_EQ(locked_kib(), 0U);
}

TEST_F(RegionsLimits, AFileThatIsTooBigIsNoMemory) {
  auto client = host_client();
  attach(*client, "small");
  const rlimit limit{1 << 20, 1 << 20};
  ASSERT_EQ(::prlimit(daemon_pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  const auto daemon = daemon_pids();
  EXPECT_EQ(try_attach(*client, "a", 512), Status::no_memory);
  EXPECT_EQ(try_attach(*client, "b", 1024), Status::no_memory);
  EXPECT_EQ(try_attach(*client, "c", 16), Status::ok);
  EXPECT_EQ(daemon_pids(), daemon);
}

// Whether there are huge pages is the host's business; that a region gets them, or a clear error, is ours.
TEST_F(RegionsLimits, HugePagesAreThereOrAskedForInVain) {
  const RegionSpec huge{.name = "huge",
                        .bytes = kHugePageBytes + 1,
                        .owner = ::getuid(),
                        .group = ::getgid(),
                        .backing = {HugePages::require, false}};
  const auto added = admin().add_region(huge);
  if (!added) {
    EXPECT_THAT(
        added.error().message(),
        ::testing::HasSubstr("reserve 2 huge pages of 2 MiB (raise the sysctl vm.nr_hugepages, or say "
                             "'huge-pages: advise')"));
  } else {
    auto client = host_client();
    const Connection* connection = attach(*client, "huge", 0);
    EXPECT_EQ(connection->pages(), 1024U);
    struct stat info {};
    ASSERT_EQ(::fstat(connection->data_fd(), &info), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(info.st_blksize), kHugePageBytes);
    ASSERT_TRUE(admin().remove_region("huge"));
  }
  RegionSpec advised = huge;
  advised.name = "advised";
  advised.backing.huge_pages = HugePages::advise;
  ASSERT_TRUE(admin().add_region(advised));
  auto client = host_client();
  struct stat info {};
  ASSERT_EQ(::fstat(attach(*client, "advised", 0)->data_fd(), &info), 0);
  EXPECT_GE(static_cast<std::uint64_t>(info.st_blocks) * 512, kHugePageBytes + 1) << "reserved";
  ASSERT_TRUE(admin().remove_region("advised"));
}

}  // namespace
}  // namespace qvm::regions
