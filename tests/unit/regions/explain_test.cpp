// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "qvm/regions/model/manager.h"

namespace qvm::regions {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class RegionExplanation : public testing::Test {
 protected:
  RegionExplanation() {
    VmPolicy left;
    left.vm = "left";
    left.uid = 70001;
    left.gid = 70001;
    left.groups = {1005};
    VdevPolicy vdev;
    vdev.vdev = "shmem0";
    vdev.rules = {{false, "secret*", "left.qvmconf:3:8"}, {true, "*", "left.qvmconf:4:9"}};
    vdev.substitutions = {{"car/", "x", "left.qvmconf:5:9"}, {"old-", "new-", "left.qvmconf:6:9"}};
    vdev.creates = {{"made", 4096, 0640, std::nullopt, "left.qvmconf:7:10"}};
    left.vdevs = {vdev,
                  {.vdev = "shmem1",
                   .rules = {{true, "only", "left.qvmconf:12:9"}},
                   .substitutions = {},
                   .creates = {},
                   .umask = 0,
                   .gid = std::nullopt}};
    left.connections = 5;
    left.bytes = 4 * kPageBytes;
    left.limits_place = "system.yaml:4:5";
    left.system = {"/system.yaml", 6 * kPageBytes, 5, 7, "system.yaml:9:1"};
    EXPECT_TRUE(manager.add_vm(left, 0));
    EXPECT_TRUE(manager.add_region({.name = "frames",
                                    .bytes = 4096,
                                    .mode = 0640,
                                    .owner = 5,
                                    .group = 1005,
                                    .place = "system.yaml:7:3",
                                    .system = left.system},
                                   0));
    EXPECT_TRUE(manager.add_region(
        {.name = "hidden", .bytes = 4096, .mode = 0600, .owner = 5, .group = 5, .place = "system.yaml:8:3"},
        0));
  }

  json ask(const ExplainRequest& request) const {
    const auto answer = explain_as_json(manager, request);
    EXPECT_TRUE(answer) << answer.error().message();
    return answer ? json::parse(*answer).at("explanations") : json::array();
  }
  json of_left(const std::string& name, std::uint32_t pages = 1) const {
    return ask({.vm = "left", .vdev = "shmem0", .identity = {}, .name = name, .pages = pages}).at(0);
  }
  // "layer outcome place" of each layer that is not a limit.
  static std::vector<std::string> decisions(const json& one) {
    std::vector<std::string> lines;
    for (const json& layer : one.at("layers")) {
      if (layer.contains("limit")) continue;
      lines.push_back(layer.at("layer").get<std::string>() + " " + layer.at("outcome").get<std::string>() +
                      " " + layer.value("place", "-"));
    }
    return lines;
  }
  static json layer(const json& one, const std::string& name) {
    for (const json& layer : one.at("layers")) {
      if (layer.at("layer") == name) return layer;
    }
    ADD_FAILURE() << "no layer " << name << " in " << one.dump();
    return {};
  }

  Manager manager{Limits{.owner = 2000}};
};

TEST_F(RegionExplanation, NamesTheLineOfEachLayer) {
  const json one = of_left("frames");
  EXPECT_THAT(decisions(one), ElementsAre("name passes -", "rules passes left.qvmconf:4:9", "subst passes -",
                                          "host-name passes -", "region passes system.yaml:7:3",
                                          "mode passes system.yaml:7:3"));
  EXPECT_EQ(one.at("access"), "read-only");
  EXPECT_EQ(layer(one, "region").at("text"), "'frames' exists, 1 pages, made by the manifest");
  EXPECT_EQ(
      layer(one, "mode").at("text"),
      "mode 0640, owner 5, group 1005 gives reading only: uid 70001, gid 70001 counts as its group, as gid "
      "1005 is a supplementary one");
}

TEST_F(RegionExplanation, GoesOnBehindTheLayerThatRefuses) {
  const json one = of_left("secret1");
  EXPECT_EQ(one.at("verdict"), "refused");
  EXPECT_EQ(one.at("status"), 5);
  EXPECT_EQ(one.at("place"), "left.qvmconf:3:8");
  EXPECT_THAT(decisions(one), ElementsAre("name passes -", "rules refuses left.qvmconf:3:8", "subst passes -",
                                          "host-name passes -", "region passes -"));
}

TEST_F(RegionExplanation, TellsTheImplicitTail) {
  const json one = ask({.vm = "left", .vdev = "shmem1", .identity = {}, .name = "frames"}).at(0);
  EXPECT_EQ(layer(one, "rules").at("text"),
            "no rule fits; as the last one is 'allow', all other names are denied");
  EXPECT_EQ(layer(one, "rules").at("place"), "left.qvmconf:12:9");
}

TEST_F(RegionExplanation, TellsTheSubstitution) {
  const json one = of_left("old-frames");
  EXPECT_EQ(layer(one, "subst").at("place"), "left.qvmconf:6:9");
  EXPECT_EQ(one.at("host_name"), "new-frames");
  EXPECT_EQ(layer(one, "region").at("text"), "'new-frames' does not exist; this attach would make it");
}

TEST_F(RegionExplanation, TellsWhoMadeTheRegion) {
  EXPECT_EQ(layer(of_left("made"), "region").at("text"),
            "'made' exists, 1 pages, made by 'create' of VM 'left'");
  EXPECT_EQ(layer(of_left("made"), "region").at("place"), "left.qvmconf:7:10");
}

TEST_F(RegionExplanation, TellsUseAndPlaceOfEachLimit) {
  const json one = of_left("new", 4);
  EXPECT_EQ(one.at("status"), 2);
  EXPECT_EQ(one.at("place"), "system.yaml:4:5");
  EXPECT_EQ(layer(one, "memory"), json({{"layer", "memory"},
                                        {"outcome", "refuses"},
                                        {"text", "bytes of this VM: 4096 of 16384 used, 16384 more wanted"},
                                        {"place", "system.yaml:4:5"},
                                        {"used", 4096},
                                        {"limit", 16384}}));
  EXPECT_EQ(layer(one, "system-memory").at("used"), 8192);
  EXPECT_EQ(layer(one, "system-memory").at("place"), "system.yaml:9:1");
  EXPECT_EQ(layer(one, "system-memory").at("outcome"), "passes");
}

TEST_F(RegionExplanation, IsThereForHostPrograms) {
  const json one = ask({.identity = {5, 5, {}}, .name = "hidden"}).at(0);
  EXPECT_EQ(one.at("who"), json({{"kind", "host"}, {"uid", 5}, {"gid", 5}, {"groups", json::array()}}));
  EXPECT_EQ(one.at("access"), "read-write");
  EXPECT_EQ(ask({.identity = {6, 6, {}}, .name = "hidden"}).at(0).at("reason"),
            "the mode of 'hidden' gives no access (system.yaml:8:3)");
}

TEST_F(RegionExplanation, CoversEveryVdevOrOne) {
  EXPECT_EQ(ask({.vm = "left", .identity = {}, .name = "frames"}).size(), 2U);
  EXPECT_EQ(explain_as_json(manager, {.vm = "left", .vdev = "shmem7", .identity = {}, .name = "x"})
                .error()
                .message(),
            "VM 'left' has no vdev 'shmem7' that has regions");
  EXPECT_EQ(explain_as_json(manager, {.vm = "up", .identity = {}, .name = "x"}).error().message(),
            "no VM named 'up' is registered");
}

TEST_F(RegionExplanation, StopsAtANameThatIsNone) {
  const json one = of_left("a/b");
  EXPECT_EQ(one.at("status"), 4);
  EXPECT_THAT(decisions(one), ElementsAre("name refuses -"));
}

// The limits of a system count for all of its VMs together, and name their place.
class SystemLimitsTest : public testing::Test {
 protected:
  Id session(const std::string& vm) {
    const Principal who{manager.find_vm(vm)->added.id, vm, "shmem0", {1, 1, {}}};
    return std::get<SessionOpened>(manager.open_session(who, 1, 1).front()).id;
  }
  void SetUp() override {
    for (const char* name : {"a", "b"}) {
      VmPolicy policy;
      policy.vm = name;
      policy.uid = 1;
      policy.gid = 1;
      policy.system = limits;
      policy.vdevs.emplace_back().vdev = "shmem0";
      ASSERT_TRUE(manager.add_vm(policy, 0));
    }
  }
  const SystemLimits limits{"/s.yaml", 4 * kPageBytes, 3, 4, "s.yaml:1:1"};
  Manager manager;
};

TEST_F(SystemLimitsTest, BoundBytesRegionsAndClients) {
  const Id a = session("a");
  const Id b = session("b");
  ASSERT_TRUE(manager.add_region({.name = "m", .bytes = 4096, .place = {}, .system = limits}, 0));
  EXPECT_EQ(manager.attach(a, "one", 2, 0, 0).status, Status::ok);
  const AttachOutcome bytes = manager.attach(b, "two", 2, 0, 0);
  EXPECT_EQ(bytes.status, Status::no_memory);
  EXPECT_EQ(explain(bytes),
            "it exceeds a limit: bytes of the manifest and its VMs: 12288 of 16384 used, 8192 more wanted "
            "(s.yaml:1:1)");
  EXPECT_EQ(manager.attach(b, "two", 1, 0, 0).status, Status::ok);
  EXPECT_EQ(explain(manager.attach(b, "three", 1, 0, 0)),
            "it exceeds a limit: regions of the manifest and its VMs: 3 of 3 used (s.yaml:1:1)");
  EXPECT_EQ(manager.attach(a, "m", 0, 0, 0).status, Status::ok);
  EXPECT_EQ(manager.attach(b, "m", 0, 0, 0).status, Status::ok);
  const AttachOutcome clients = manager.attach(b, "m", 0, 0, 0);
  EXPECT_EQ(clients.status, Status::client_max);
  EXPECT_EQ(explain(clients),
            "it exceeds a limit: attachments of the manifest's VMs: 4 of 4 used (s.yaml:1:1)");
  // Others are not bound by them.
  const Id host = std::get<SessionOpened>(manager.open_session({0, {}, "tool", {9, 9, {}}}, 1, 1).front()).id;
  EXPECT_EQ(manager.attach(host, "m", 0, 0, 0).status, Status::ok);
  manager.close_session(a);
  manager.close_session(b);
  EXPECT_EQ(manager.usage(system_key("/s.yaml")), (Usage{.bytes = 4096, .regions = 1, .connections = 0}));
  ASSERT_TRUE(manager.remove_vm("a"));
  EXPECT_EQ(manager.add_region({.name = "n", .bytes = 4 * 4096, .place = "s.yaml:5:3", .system = limits}, 0)
                .error()
                .message(),
            "region 'n' (s.yaml:5:3): it exceeds a limit: bytes of the manifest and its VMs: 4096 of 16384 "
            "used, 16384 more wanted (s.yaml:1:1); make it smaller, or raise 'memory' in the limits at the "
            "top of the manifest");
}

TEST_F(SystemLimitsTest, AVmMayMakeSoManyRegions) {
  VmPolicy policy;
  policy.vm = "c";
  policy.regions = 1;
  policy.limits_place = "s.yaml:8:5";
  policy.vdevs.emplace_back().vdev = "shmem0";
  ASSERT_TRUE(manager.add_vm(policy, 0));
  const Id c = session("c");
  EXPECT_EQ(manager.attach(c, "one", 1, 0, 0).status, Status::ok);
  const AttachOutcome second = manager.attach(c, "two", 1, 0, 0);
  EXPECT_EQ(second.status, Status::no_memory);
  EXPECT_EQ(explain(second), "it exceeds a limit: regions of this VM: 1 of 1 used (s.yaml:8:5)");
  // No size helps.
  policy.vm = "d";
  policy.vdevs[0].creates = {{.name = "three", .bytes = 1, .gid = {}, .place = {}},
                             {.name = "four", .bytes = 1, .gid = {}, .place = {}}};
  EXPECT_THAT(manager.add_vm(policy, 0).error().message(),
              testing::EndsWith(
                  "regions of this VM: 1 of 1 used (s.yaml:8:5); leave one out, or raise 'regions' in the "
                  "VM's limits of the manifest"));
}

TEST(HugePages, RoundARegionUpToWholeOnes) {
  Manager manager;
  ASSERT_TRUE(manager.add_region(
      {.name = "big", .bytes = kHugePageBytes + 1, .backing = {HugePages::require, true}}, 0));
  EXPECT_EQ(manager.find_region("big")->created.pages, 2 * kHugePageBytes / kPageBytes);
  ASSERT_TRUE(manager.add_region({.name = "small", .bytes = 1, .backing = {HugePages::advise, false}}, 0));
  EXPECT_EQ(manager.find_region("small")->created.pages, 1U);
}

}  // namespace
}  // namespace qvm::regions
