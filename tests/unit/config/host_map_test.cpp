// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/host_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A manifest with one VM, loaded.
LoadedSystem load(const std::string& host_map, const std::string& configuration) {
  test::MemoryReader reader;
  reader.files["system.yaml"] = "vms:\n  left: {config: left.qvmconf}\n" + host_map;
  reader.files["left.qvmconf"] = "ram 64M\n" + configuration;
  reader.files["/dev/ser2"] = "";
  return load_manifest("system.yaml", test::shipped_tables(), reader);
}

// "severity rule message {help}" of the rules about host paths and the manifest.
std::vector<std::string> findings(const LoadedSystem& system) {
  std::vector<std::string> result;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.rule != "H04" && !one.rule.starts_with("manifest")) continue;
    result.push_back(one.rule + " " + one.message + (one.help.empty() ? "" : " {" + one.help + "}"));
  }
  return result;
}

TEST(HostMap, IsRead) {
  const LoadedSystem system =
      load("host-map:\n  /dev/hd1t131: disks/system.img\n  \"/dev/vdevpeers/vp0\": {network: guests}\n",
           "vdev virtio-blk hostdev </dev/hd1t131 vdev virtio-net peer /dev/vdevpeers/vp0");
  EXPECT_THAT(findings(system), IsEmpty());
  ASSERT_EQ(system.manifest->host_map.size(), 2U);
  const HostMapEntry* disk = find_host_map(*system.manifest, "/dev/hd1t131");
  ASSERT_NE(disk, nullptr);
  EXPECT_EQ(disk->kind, HostMapEntry::Kind::path);
  EXPECT_EQ(disk->target.value, "disks/system.img");
  const HostMapEntry* network = find_host_map(*system.manifest, "/dev/vdevpeers/vp0");
  ASSERT_NE(network, nullptr);
  EXPECT_EQ(network->kind, HostMapEntry::Kind::network);
  EXPECT_EQ(network->target.value, "guests");
  EXPECT_EQ(find_host_map(*system.manifest, "/dev/hd1"), nullptr);
}

TEST(HostMap, TellsWhatIsMissingWithTheLinesToAdd) {
  EXPECT_THAT(
      findings(load("", "vdev virtio-blk hostdev </dev/hd1t131")),
      ElementsAre(
          "H04 '/dev/hd1t131' is a path of a QNX host, which this host does not have {say what stands for "
          "it here: add 'host-map: {\"/dev/hd1t131\": disks/hd1t131.img}' to the manifest}"));
  EXPECT_THAT(
      findings(load("host-map: {/dev/ser1: x.log}\n",
                    "vdev ser8250 hostdev /dev/ser1\n"
                    "vdev virtio-net peer /dev/vdevpeers/vp1")),
      ElementsAre(
          "H04 '/dev/vdevpeers/vp1' is a network of a QNX host, for which nothing stands here: nobody "
          "is at the other end {say what stands for it here: add '\"/dev/vdevpeers/vp1\": {user-mode: "
          "true}' to 'host-map' of the manifest}"));
  const LoadedSystem alone = test::load_text("ram 64M vdev ser8250 hostdev /dev/ser1");
  EXPECT_THAT(
      findings(alone),
      ElementsAre(
          "H04 '/dev/ser1' is a path of a QNX host, which this host does not have {say what stands for it "
          "here, in a manifest: 'host-map: {\"/dev/ser1\": ser1.log}'}"));
}

TEST(HostMap, ItsOwnSuggestionIsRead) {
  const LoadedSystem before = load("", "vdev virtio-net peer /dev/vdevpeers/vp1");
  const std::string help = findings(before).at(0);
  const std::size_t begin = help.find("host-map: ");
  const LoadedSystem after = load(help.substr(begin, help.find('\'', begin) - begin) + "\n",
                                  "vdev virtio-net peer /dev/vdevpeers/vp1");
  EXPECT_THAT(findings(after), IsEmpty());
}

TEST(HostMap, PathsThatAreHereOrNobodysAreNoFinding) {
  EXPECT_THAT(
      findings(load("", "vdev ser8250 hostdev /dev/ser2 vdev ser8250 hostdev >- vdev ser8250 hostdev >x")),
      IsEmpty());
  // The other end is a VM of the set.
  EXPECT_THAT(findings(load("", "vdev virtio-net peer /dev/qvm/left/p2p name p2p")), IsEmpty());
  // Another VM's end is E02's to judge, whether the set has that VM or not.
  EXPECT_THAT(findings(load("", "vdev virtio-net peer /dev/qvm/right/p2p name p2p")), IsEmpty());
}

TEST(HostMap, EntriesThatNobodyNeedsAreTold) {
  const LoadedSystem system = load("host-map:\n  /dev/hd9: a.img\n", "vdev ser8250");
  EXPECT_THAT(findings(system),
              ElementsAre("H04 no configuration names the host path '/dev/hd9' {correct it, or "
                          "leave the entry out}"));
  EXPECT_EQ(system.sources.describe(system.diagnostics.all().front().where), "system.yaml:4:3");
}

TEST(HostMap, MistakesAreTold) {
  EXPECT_THAT(
      findings(load("host-map: disks\n", "")),
      ElementsAre("manifest-value 'host-map' must be a mapping of paths, not text {for example 'host-map: "
                  "{\"/dev/hd0\": disks/system.img}'}"));
  EXPECT_THAT(
      findings(load("host-map: {hd0: a}\n", "")),
      ElementsAre("manifest-value 'hd0' is not a path of a host {write it as the configurations do, from "
                  "the root: \"/dev/hd0\"}"));
  EXPECT_THAT(findings(load("host-map: {/dev/hd0: [a]}\n", "")),
              ElementsAre("manifest-value '/dev/hd0' must be a path of this host or a mapping {for example "
                          "'disks/system.img' or '{user-mode: true}'}"));
  EXPECT_THAT(
      findings(load("host-map: {/dev/hd0: {file: a}}\n", "")),
      ElementsAre(
          "manifest-key host path '/dev/hd0' has no 'file' {it can have 'network', 'bridge', 'tap' or "
          "'user-mode', or be a path of this host}"));
  EXPECT_THAT(
      findings(load("host-map: {/dev/hd0: {network: \"a b\"}}\n", "")),
      ElementsAre("manifest-value 'network' must be the name of a network {at most 64 letters, digits, "
                  "'-', '_' and '.', as in 'network: guests'}"));
}

TEST(HostMap, KnowsEveryKindOfNetwork) {
  using Kind = HostMapEntry::Kind;
  struct Case {
    std::string text;
    Kind kind;
    std::string target;
  };
  for (const Case& one : {Case{"network: guests", Kind::network, "guests"},
                          {"bridge: br0", Kind::bridge, "br0"},
                          {"tap: tap-left.7", Kind::tap, "tap-left.7"},
                          {"user-mode: true", Kind::user_mode, "user-mode"}}) {
    const LoadedSystem system = load("host-map: {/dev/vdevpeers/vp0: {" + one.text + "}}\n",
                                     "vdev virtio-net peer /dev/vdevpeers/vp0");
    EXPECT_THAT(findings(system), IsEmpty()) << one.text;
    ASSERT_EQ(system.manifest->host_map.size(), 1U) << one.text;
    EXPECT_EQ(system.manifest->host_map.front().kind, one.kind) << one.text;
    EXPECT_EQ(system.manifest->host_map.front().target.value, one.target);
  }
}

TEST(HostMap, MistakesInNetworksAreTold) {
  EXPECT_THAT(findings(load("host-map: {/dev/vdevpeers/vp0: {tap: longer-than-allowed}}\n", "")),
              ElementsAre("manifest-value 'tap' must be the name of a network device {at most 15 letters, "
                          "digits, '-', '_' and '.', as in 'tap: tap0'}"));
  EXPECT_THAT(findings(load("host-map: {/dev/vdevpeers/vp0: {user-mode: false}}\n", "")),
              ElementsAre("manifest-value 'user-mode' can only be 'true' {write 'user-mode: true', or leave "
                          "the entry out}"));
  EXPECT_THAT(findings(load("host-map: {/dev/vdevpeers/vp0: {bridge: br0, network: guests}}\n", "")),
              ElementsAre("manifest-value '/dev/vdevpeers/vp0' cannot be 'bridge' and 'network' at once "
                          "{leave one of them out}"));
}

TEST(HostPath, IsTakenApart) {
  EXPECT_EQ(split_host_path("</dev/hd0").path, "/dev/hd0");
  EXPECT_EQ(split_host_path("</dev/hd0").prefix, 1U);
  EXPECT_EQ(split_host_path(">-").path, "");
  EXPECT_EQ(split_host_path(">|tee x").path, "");
  EXPECT_EQ(split_host_path("").path, "");
  EXPECT_TRUE(is_qnx_host_path("/dev/hd0t131"));
  EXPECT_FALSE(is_qnx_host_path("/dev/sda1"));
  EXPECT_FALSE(is_qnx_host_path("/dev/ttyS0"));
  EXPECT_FALSE(is_qnx_host_path("/dev/console"));
  EXPECT_FALSE(is_qnx_host_path("/dev/vdevpeers/"));
}

}  // namespace
}  // namespace qvm::config
