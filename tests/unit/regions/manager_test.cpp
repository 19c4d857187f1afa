// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::regions {
namespace {

class RegionManagerTest : public ::testing::Test {
 protected:
  static VmPolicy policy(const std::string& name, uid_t uid = 1000) {
    VmPolicy vm;
    vm.vm = name;
    vm.uid = uid;
    vm.gid = uid;
    vm.vdevs.emplace_back().vdev = "shmem0";
    return vm;
  }

  Id vm_session(const VmPolicy& vm, const std::string& vdev = "shmem0") {
    if (manager.find_vm(vm.vm) == nullptr) {
      const auto added = manager.add_vm(vm, 7);
      EXPECT_TRUE(added) << added.error().message();
    }
    return open(Principal{manager.find_vm(vm.vm)->added.id, vm.vm, vdev, {vm.uid, vm.gid, vm.groups}});
  }
  Id host_session(Identity identity = {2000, 2000, {}}) { return open(Principal{0, {}, "tool", identity}); }
  Id open(Principal principal) {
    return std::get<SessionOpened>(manager.open_session(std::move(principal), 1, 1).front()).id;
  }

  AttachOutcome attach(Id session, std::string_view name, std::uint32_t pages = 1, std::uint32_t mode = 0) {
    return manager.attach(session, name, pages, mode, 7);
  }
  unsigned index_of(const AttachOutcome& outcome) {
    return manager.connections().at(outcome.connection).index;
  }
  std::uint32_t generation_of(const AttachOutcome& outcome) {
    return manager.connections().at(outcome.connection).generation;
  }
  const RegionCreated& region(const std::string& name) { return manager.find_region(name)->created; }

  Manager manager{Limits{.owner = 2000}};
};

TEST_F(RegionManagerTest, FirstAttachCreatesAndDecidesTheSize) {
  const Id session = host_session();
  const AttachOutcome first = attach(session, "moo", 16);
  EXPECT_EQ(first.status, Status::ok);
  EXPECT_TRUE(first.created);
  const AttachOutcome second = attach(session, "moo", 99);
  EXPECT_FALSE(second.created);
  EXPECT_EQ(region("moo").pages, 16U);
  EXPECT_EQ(index_of(second), 1U);
}

TEST_F(RegionManagerTest, LastDetachDestroys) {
  const Id session = host_session();
  const AttachOutcome a = attach(session, "moo");
  const AttachOutcome b = attach(session, "moo");
  EXPECT_THAT(manager.detach(session, a.connection), ::testing::SizeIs(1));
  const Events events = manager.detach(session, b.connection);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<RegionDestroyed>(events[1]));
  EXPECT_EQ(manager.find_region("moo"), nullptr);
}

TEST_F(RegionManagerTest, LowestFreeIndexWithANewGeneration) {
  const Id session = host_session();
  const AttachOutcome first = attach(session, "moo");
  attach(session, "moo");
  manager.detach(session, first.connection);
  const AttachOutcome again = attach(session, "moo");
  EXPECT_EQ(index_of(again), 0U);
  EXPECT_EQ(generation_of(again), 2U);
  EXPECT_EQ(index_of(attach(session, "moo")), 2U);
}

TEST_F(RegionManagerTest, SixteenClientsAndNoMore) {
  const Id session = host_session();
  for (unsigned i = 0; i < kMaxClients; ++i) EXPECT_EQ(index_of(attach(session, "moo")), i);
  const AttachOutcome refused = attach(session, "moo");
  EXPECT_EQ(refused.status, Status::client_max);
  EXPECT_TRUE(refused.events.empty());
}

TEST_F(RegionManagerTest, SizeZeroOnlyJoins) {
  const Id session = host_session();
  EXPECT_EQ(attach(session, "moo", 0).status, Status::unknown_failure);
  attach(session, "moo", 5);
  EXPECT_EQ(attach(session, "moo", 0).status, Status::ok);
}

TEST_F(RegionManagerTest, IllegalNames) {
  const Id session = host_session();
  for (const std::string& name : {std::string(), std::string("."), std::string("a/b"), std::string(32, 'x'),
                                  std::string("a\nb"), std::string("a\0b", 3)}) {
    EXPECT_EQ(attach(session, name).status, Status::illegal_name) << name;
  }
}

TEST_F(RegionManagerTest, OnlyTheOwnerOfAConnectionDetachesIt) {
  const Id mine = host_session();
  const Id theirs = host_session();
  const AttachOutcome outcome = attach(mine, "moo");
  EXPECT_TRUE(manager.detach(theirs, outcome.connection).empty());
  EXPECT_TRUE(manager.detach(mine, outcome.connection + 1000).empty());
  EXPECT_EQ(manager.connections().size(), 1U);
}

TEST_F(RegionManagerTest, ClosingASessionDetachesAllOfIt) {
  const Id session = host_session();
  attach(session, "a");
  attach(session, "b");
  attach(host_session(), "b");
  manager.close_session(session);
  EXPECT_EQ(manager.find_region("a"), nullptr);
  EXPECT_EQ(manager.find_region("b")->attached_mask(), 2U);
  EXPECT_TRUE(manager.close_session(session).empty());
}

TEST_F(RegionManagerTest, RulesApplyToTheGuestsNameAndSubstToTheResult) {
  VmPolicy vm = policy("left");
  vm.vdevs[0].rules = {{true, "my*", "left.qvmconf:3:5"}};
  vm.vdevs[0].substitutions = {{"my", "our", ""}};
  const Id session = vm_session(vm);
  const AttachOutcome granted = attach(session, "mymoo");
  EXPECT_EQ(granted.status, Status::ok);
  EXPECT_EQ(granted.host_name, "ourmoo");
  EXPECT_EQ(manager.connections().at(granted.connection).name, "mymoo");
  const AttachOutcome refused = attach(session, "ourmoo");
  EXPECT_EQ(refused.status, Status::no_permission);
  EXPECT_EQ(refused.refusal, Refusal::name_rule);
  EXPECT_EQ(explain(refused), "denied, as no rule fits the name");
}

TEST_F(RegionManagerTest, ARefusalCitesTheRule) {
  VmPolicy vm = policy("left");
  vm.vdevs[0].rules = {{false, "moo", "left.qvmconf:3:5"}};
  const AttachOutcome refused = attach(vm_session(vm), "moo");
  EXPECT_EQ(explain(refused), "denied by the rule at left.qvmconf:3:5");
  EXPECT_EQ(manager.find_vm("left")->denials, 1U);
}

TEST_F(RegionManagerTest, SubstMayMakeANameIllegal) {
  VmPolicy vm = policy("left");
  vm.vdevs[0].substitutions = {{"", "0123456789012345678901234567890", ""}};
  EXPECT_EQ(attach(vm_session(vm), "x").status, Status::illegal_name);
}

TEST_F(RegionManagerTest, AVdevThatTheVmDoesNotHaveGetsNothing) {
  EXPECT_EQ(attach(vm_session(policy("left"), "shmem9"), "x").status, Status::no_permission);
}

TEST_F(RegionManagerTest, CreatorOwnsWithUmaskAndGid) {
  VmPolicy vm = policy("left", 500);
  vm.vdevs[0].umask = 0027;
  vm.vdevs[0].gid = 77;
  const Id session = vm_session(vm);
  attach(session, "a", 1, 0);
  EXPECT_EQ(region("a").mode, 0640U);
  EXPECT_EQ(region("a").owner, 500U);
  EXPECT_EQ(region("a").group, 77U);
  attach(session, "b", 1, 0777);
  EXPECT_EQ(region("b").mode, 0640U);
}

TEST_F(RegionManagerTest, ModeDecidesBetweenFullReadOnlyAndNone) {
  const Id creator = host_session({100, 10, {}});
  attach(creator, "moo", 1, 0640);
  const AttachOutcome reader = attach(host_session({101, 11, {10}}), "moo");
  ASSERT_EQ(reader.status, Status::ok);
  EXPECT_FALSE(manager.connections().at(reader.connection).writable);
  const AttachOutcome stranger = attach(host_session({101, 11, {}}), "moo");
  EXPECT_EQ(stranger.status, Status::no_permission);
  EXPECT_EQ(manager.find_region("moo")->denials, 1U);
}

TEST_F(RegionManagerTest, TheCreatorIsWritableWhateverTheMode) {
  const AttachOutcome outcome = attach(host_session(), "moo", 1, 0004);
  EXPECT_TRUE(manager.connections().at(outcome.connection).writable);
}

TEST_F(RegionManagerTest, OneVmGetsItsShareOfARegionOverAllItsVdevs) {
  VmPolicy vm = policy("left");
  vm.vdevs.emplace_back().vdev = "shmem1";
  const Id first = vm_session(vm);
  const Id second = vm_session(vm, "shmem1");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(attach(first, "moo").status, Status::ok);
    EXPECT_EQ(attach(second, "moo").status, Status::ok);
  }
  EXPECT_EQ(attach(first, "moo").status, Status::client_max);
  EXPECT_EQ(attach(first, "other").status, Status::ok);
  EXPECT_EQ(attach(vm_session(policy("right")), "moo").status, Status::ok);
}

TEST_F(RegionManagerTest, ConnectionsOfAVmAreBounded) {
  VmPolicy vm = policy("left");
  vm.connections = 3;
  const Id session = vm_session(vm);
  attach(session, "a");
  attach(session, "b");
  const AttachOutcome third = attach(session, "c");
  EXPECT_EQ(attach(session, "d").status, Status::client_max);
  manager.detach(session, third.connection);
  EXPECT_EQ(attach(session, "d").status, Status::ok);
}

TEST_F(RegionManagerTest, BytesOfAVmAreBounded) {
  VmPolicy vm = policy("left");
  vm.bytes = 10 * kPageBytes;
  const Id session = vm_session(vm);
  EXPECT_EQ(attach(session, "big", 11).status, Status::no_memory);
  EXPECT_EQ(attach(session, "all", 0xffffffff).status, Status::no_memory);
  const AttachOutcome a = attach(session, "a", 6);
  EXPECT_EQ(attach(session, "b", 5).status, Status::no_memory);
  EXPECT_EQ(attach(session, "b", 4).status, Status::ok);
  manager.detach(session, a.connection);
  EXPECT_EQ(attach(session, "c", 6).status, Status::ok);
  EXPECT_EQ(attach(vm_session(policy("right")), "d", 11).status, Status::ok);
}

TEST_F(RegionManagerTest, ARegionCountsAgainstItsCreatorAsLongAsItLives) {
  VmPolicy vm = policy("left");
  vm.bytes = 10 * kPageBytes;
  const Id session = vm_session(vm);
  const AttachOutcome mine = attach(session, "a", 10);
  attach(host_session(), "a", 0);
  manager.detach(session, mine.connection);
  EXPECT_EQ(attach(session, "b", 1).status, Status::no_memory);
}

TEST_F(RegionManagerTest, TotalBytesAndRegionsAreBounded) {
  manager = Manager({.total_bytes = 10 * kPageBytes, .regions = 2});
  const Id session = host_session();
  EXPECT_EQ(attach(session, "a", 11).status, Status::no_memory);
  EXPECT_EQ(attach(session, "a", 9).status, Status::ok);
  EXPECT_EQ(attach(session, "b", 2).status, Status::no_memory);
  EXPECT_EQ(attach(session, "b", 1).status, Status::ok);
  EXPECT_EQ(attach(session, "c", 1).status, Status::no_memory);
}

TEST_F(RegionManagerTest, CreatedRegionsLiveAsLongAsTheirVm) {
  VmPolicy vm = policy("left", 500);
  vm.vdevs[0].substitutions = {{"", "left-", ""}};
  vm.vdevs[0].creates = {{"moo", 4097, 0640, std::nullopt, ""}};
  const Id session = vm_session(vm);
  EXPECT_EQ(region("left-moo").pages, 2U);
  EXPECT_EQ(region("left-moo").mode, 0640U);
  EXPECT_EQ(region("left-moo").group, 500U);
  const AttachOutcome outcome = attach(session, "moo", 0);
  manager.detach(session, outcome.connection);
  ASSERT_NE(manager.find_region("left-moo"), nullptr);
  attach(session, "moo", 0);
  ASSERT_TRUE(manager.remove_vm("left"));
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, TwoVmsMayCreateTheSameRegionAndBothHoldIt) {
  VmPolicy left = policy("left");
  VmPolicy right = policy("right");
  left.vdevs[0].creates = {{"moo", 4096, 0666, std::nullopt, ""}};
  right.vdevs[0].creates = {{"moo", 9999, 0666, std::nullopt, ""}};
  ASSERT_TRUE(manager.add_vm(left, 7));
  ASSERT_TRUE(manager.add_vm(right, 7));
  ASSERT_TRUE(manager.remove_vm("left"));
  EXPECT_EQ(region("moo").pages, 1U);
  ASSERT_TRUE(manager.remove_vm("right"));
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, ACreateThatIsRefusedRefusesTheVm) {
  VmPolicy vm = policy("left");
  vm.vdevs[0].creates = {{"good", 4096, 0666, std::nullopt, ""},
                         {"bad", 0, 0666, std::nullopt, "l.qvmconf:4:3"}};
  const auto added = manager.add_vm(vm, 7);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message(), "create region 'bad' (l.qvmconf:4:3): its size is 0");
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, ACreateOfSomebodyElsesPrivateRegionIsRefused) {
  attach(host_session(), "moo", 1, 0600);
  VmPolicy vm = policy("left");
  vm.vdevs[0].creates = {{"moo", 4096, 0666, std::nullopt, ""}};
  const auto added = manager.add_vm(vm, 7);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message(),
            "create region 'moo': 'moo' exists and its mode gives VM 'left' no access; a host program of uid "
            "2000 made it (4096 bytes, "
            "mode 0600, owner 2000, group 2000); it goes when these have left: host program 'tool' (pid 1)");
}

TEST_F(RegionManagerTest, AVmNameIsUsedOnce) {
  ASSERT_TRUE(manager.add_vm(policy("left"), 7));
  EXPECT_EQ(manager.add_vm(policy("left"), 7).error().message(), "a VM named 'left' is registered already");
  EXPECT_EQ(manager.remove_vm("right").error().message(), "no VM named 'right' is registered");
}

TEST_F(RegionManagerTest, ManifestRegionsLiveUntilRemoved) {
  ASSERT_TRUE(manager.add_region({"moo", 8192, 0660, 3, 4}, 7));
  const Id session = host_session({3, 9, {}});
  const AttachOutcome outcome = attach(session, "moo", 0);
  ASSERT_EQ(outcome.status, Status::ok);
  manager.detach(session, outcome.connection);
  ASSERT_NE(manager.find_region("moo"), nullptr);
  attach(session, "moo", 0);
  ASSERT_TRUE(manager.remove_region("moo"));
  EXPECT_NE(manager.find_region("moo"), nullptr) << "somebody is attached";
  EXPECT_EQ(manager.remove_region("moo").error().message(), "no region of the manifest is named 'moo'");
  manager.close_session(session);
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, ManifestRegionsAreChecked) {
  ASSERT_TRUE(manager.add_region({"moo", 1, 0666, 0, 0}, 7));
  EXPECT_EQ(manager.add_region({"moo", 1, 0666, 0, 0}, 7).error().message(),
            "region 'moo' exists already; a manifest that is up has it");
  EXPECT_EQ(manager.add_region({"a/b", 1, 0666, 0, 0}, 7).error().message(),
            "region 'a/b': the name is not legal");
  EXPECT_EQ(manager.add_region({"x", 0, 0666, 0, 0}, 7).error().message(), "region 'x': its size is 0");
  EXPECT_EQ(manager.add_region({"x", UINT64_MAX, 0666, 0, 0}, 7).error().message(),
            "region 'x': it exceeds a limit: bytes in all: 4096 of 1099511627776 used, 18446744073709547520 "
            "more wanted");
}

// A host program may have come first. What it made is the manifest's from then on, if nothing has to change.
TEST_F(RegionManagerTest, ManifestTakesOverWhatItsOwnersProgramMade) {
  const Id session = host_session();
  ASSERT_EQ(attach(session, "moo", 2, 0640).status, Status::ok);
  const Result<Events> taken = manager.add_region({"moo", 8192, 0640, 2000, 2000}, 7);
  ASSERT_TRUE(taken) << taken.error().message();
  manager.close_session(session);
  EXPECT_NE(manager.find_region("moo"), nullptr) << "the manifest holds it";
  ASSERT_TRUE(manager.remove_region("moo"));
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, ManifestSaysWhoHasItsName) {
  const Id own = host_session();
  ASSERT_EQ(attach(own, "moo", 2, 0640).status, Status::ok);
  const Id strange = host_session({3, 9, {}});
  ASSERT_EQ(attach(strange, "far", 1, 0600).status, Status::ok);
  const RegionSpec same{"moo", 8192, 0640, 2000, 2000};
  std::vector<RegionSpec> others(5, same);
  others[0].bytes = 4096;
  others[1].mode = 0600;
  others[2].owner = 0;
  others[3].group = 0;
  others[4].backing.lock = true;
  for (const RegionSpec& other : others) {
    EXPECT_EQ(manager.add_region(other, 7).error().message(),
              "region 'moo' exists already; a host program of uid 2000 made it (8192 bytes, mode 0640, owner "
              "2000, group 2000); it goes when these have left: host program 'tool' (pid 1)");
  }
  const auto squatted = manager.add_region({"far", 4096, 0600, 3, 9}, 7);
  ASSERT_FALSE(squatted) << "a stranger's region is nobody else's";
  EXPECT_THAT(squatted.error().message(), testing::HasSubstr("a host program of uid 3 made it"));
}

TEST_F(RegionManagerTest, ContradictingEventsAreRefused) {
  EXPECT_FALSE(manager.apply(VmRemoved{5}));
  EXPECT_FALSE(manager.apply(RegionDestroyed{5}));
  EXPECT_FALSE(manager.apply(RegionHeld{5, kManifest}));
  EXPECT_FALSE(manager.apply(SessionClosed{5}));
  EXPECT_FALSE(manager.apply(Detached{5, 0, 0, 0}));
  EXPECT_FALSE(manager.apply(Attached{5, 1, 2, 3, 4, true, "x", 0}));
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, AVmThatIsStillUsedCannotGo) {
  ASSERT_TRUE(manager.apply(VmAdded{1, policy("left")}));
  ASSERT_TRUE(manager.apply(VmAdded{2, policy("right")}));
  ASSERT_TRUE(manager.apply(SessionOpened{3, Principal{1, "left", "shmem0", {1000, 1000, {}}}, 1, 1}));
  EXPECT_FALSE(manager.apply(VmRemoved{1}));
  ASSERT_TRUE(manager.apply(RegionCreated{.id = 4, .name = "moo", .pages = 1, .mode = 0666}));
  ASSERT_TRUE(manager.apply(RegionHeld{4, 2}));
  EXPECT_FALSE(manager.apply(VmRemoved{2}));
  ASSERT_TRUE(manager.apply(RegionReleased{4, 2}));
  EXPECT_TRUE(manager.apply(VmRemoved{2}));
}

TEST_F(RegionManagerTest, RecordedNumbersLeaveRoomForMore) {
  EXPECT_FALSE(manager.apply(VmAdded{UINT64_MAX, policy("left")}));
  EXPECT_FALSE(manager.apply(IdsUsed{UINT64_MAX}));
  EXPECT_TRUE(manager.apply(VmAdded{1, policy("left")}));
}

TEST_F(RegionManagerTest, ARecordedRegionHasASize) {
  EXPECT_FALSE(manager.apply(RegionCreated{.id = 4, .name = "moo", .pages = 0, .mode = 0666}));
  EXPECT_FALSE(
      manager.apply(RegionCreated{.id = 4, .name = "moo", .pages = std::uint64_t{1} << 52, .mode = 0666}));
  EXPECT_TRUE(manager.empty());
}

TEST_F(RegionManagerTest, StrangersShareOfARegionIsSmallerThanTheOwners) {
  const Id stranger = host_session({3000, 3000, {}});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(attach(stranger, "moo").status, Status::ok);
  EXPECT_EQ(attach(host_session({3000, 3000, {}}), "moo").refusal, Refusal::share_of_region);
  const Id own = host_session();
  for (int i = 4; i < 16; ++i) EXPECT_EQ(attach(own, "moo").status, Status::ok);
  EXPECT_EQ(attach(own, "moo").refusal, Refusal::region_full);
}

TEST_F(RegionManagerTest, HostProgramsCannotUseUpTheConnectionsOfVms) {
  manager = Manager(Limits{.connections = 5, .host_connections = 3, .owner = 2000});
  const Id host = host_session();
  const Id vm = vm_session(policy("left"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attach(host, "moo").status, Status::ok);
  EXPECT_EQ(attach(host, "moo").refusal, Refusal::all_connections);
  EXPECT_EQ(attach(vm, "moo").status, Status::ok);
  EXPECT_EQ(attach(vm, "moo").status, Status::ok);
  const AttachOutcome one_more = attach(vm, "moo");
  EXPECT_EQ(one_more.status, Status::client_max);
  EXPECT_EQ(explain(one_more), "it exceeds a limit: attachments of everybody: 5 of 5 used");
  const std::set<Id> held = manager.sessions().at(host).connections;
  manager.detach(host, *held.begin());
  EXPECT_EQ(attach(host, "moo").status, Status::ok);
}

TEST_F(RegionManagerTest, JudgingChangesNothing) {
  const Id session = host_session();
  const std::size_t events = manager.snapshot().size();
  EXPECT_EQ(manager.judge(session, "moo", 0).refusal, Refusal::no_such_region);
  const Judgement creating = manager.judge(session, "moo", 3);
  EXPECT_EQ(creating.refusal, Refusal::none);
  EXPECT_EQ(creating.region, 0U);
  EXPECT_EQ(manager.snapshot().size(), events);
  attach(session, "moo", 3);
  EXPECT_EQ(manager.judge(session, "moo", 3).region, region("moo").id);
}

TEST(RegionManager, ARegionOfTheManifestIsTheSameOnlyIfEverythingIs) {
  Manager manager;
  const RegionSpec spec{.name = "moo", .bytes = 5000, .owner = 1, .group = 2, .place = "s.yaml:1:1"};
  EXPECT_EQ(manager.find_same(spec), nullptr);
  ASSERT_TRUE(manager.add_region(spec, 7));
  EXPECT_NE(manager.find_same(spec), nullptr);
  RegionSpec other = spec;
  other.bytes = 3 * kPageBytes;
  EXPECT_EQ(manager.find_same(other), nullptr);
  other = spec;
  other.mode = 0600;
  EXPECT_EQ(manager.find_same(other), nullptr);
  other = spec;
  other.backing.lock = true;
  EXPECT_EQ(manager.find_same(other), nullptr);
}

}  // namespace
}  // namespace qvm::regions
