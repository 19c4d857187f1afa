// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Random histories, checked step by step against a model that is too simple to be wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "qvm/regions/model/codec.h"
#include "qvm/regions/model/manager.h"

namespace qvm::regions {
namespace {

constexpr std::uint64_t kBytesOfAVm = 6 * kPageBytes;
constexpr std::uint64_t kTotalBytes = 16 * kPageBytes;
constexpr std::size_t kRegions = 5;
constexpr std::uint32_t kShare = 2;
constexpr std::uint32_t kConnections = 5;

struct ModelClient {
  Id connection = 0;
  Id session = 0;
  std::string who;  // VM, or empty
};

struct ModelRegion {
  std::uint64_t pages = 0;
  std::string payer;
  std::uint32_t mode = 0;
  uid_t owner = 0;
  bool manifest = false;
  std::vector<std::string> holding_vms;
  std::vector<std::optional<ModelClient>> slots = std::vector<std::optional<ModelClient>>(kMaxClients);
  std::vector<std::uint32_t> generation = std::vector<std::uint32_t>(kMaxClients);
};

struct ModelSession {
  std::string vm;  // empty: a host program
  uid_t uid = 0;
};

class Model {
 public:
  std::map<std::string, ModelRegion> regions;
  std::map<Id, ModelSession> sessions;
  std::map<std::string, bool> vms;  // by name; whether it has a create region

  std::uint64_t bytes(const std::string* payer) const {
    std::uint64_t sum = 0;
    for (const auto& [name, region] : regions) {
      if (payer == nullptr || region.payer == *payer) sum += region.pages * kPageBytes;
    }
    return sum;
  }
  std::uint32_t connections(const std::string& vm, uid_t uid) const {
    std::uint32_t count = 0;
    for (const auto& [name, region] : regions) count += share(region, vm, uid);
    return count;
  }
  std::uint32_t share(const ModelRegion& region, const std::string& vm, uid_t uid) const {
    std::uint32_t count = 0;
    for (const auto& slot : region.slots) {
      if (!slot) continue;
      const ModelSession& session = sessions.at(slot->session);
      if (session.vm == vm && (!vm.empty() || session.uid == uid)) ++count;
    }
    return count;
  }
  void collect() {
    std::erase_if(regions, [](const auto& one) {
      const ModelRegion& region = one.second;
      return !region.manifest && region.holding_vms.empty() &&
             std::none_of(region.slots.begin(), region.slots.end(),
                          [](const auto& slot) { return slot.has_value(); });
    });
  }
  bool fits(std::uint64_t pages, const std::string& payer, std::uint64_t allowed) const {
    if (regions.size() >= kRegions || pages == 0) return false;
    return bytes(&payer) + pages * kPageBytes <= allowed &&
           bytes(nullptr) + pages * kPageBytes <= kTotalBytes;
  }
};

class History {
 public:
  explicit History(std::uint32_t seed)
      : x_random(seed),
        x_manager(Limits{.total_bytes = kTotalBytes,
                         .regions = kRegions,
                         .owner = 1,
                         .own_programs = {kMaxClients, 1000, kTotalBytes},
                         .other_programs = {kMaxClients, 1000, kTotalBytes}}) {}

  void step() {
    switch (pick(10)) {
      case 0:
        return add_vm();
      case 1:
        return remove_vm();
      case 2:
        return add_region();
      case 3:
        return remove_region();
      case 4:
        return open_session();
      case 5:
        return close_session();
      case 6:
      case 7:
        return detach();
      default:
        return attach();
    }
  }

  void compare() {
    ASSERT_EQ(x_manager.regions().size(), x_model.regions.size());
    for (const auto& [name, expected] : x_model.regions) {
      const RegionState* region = x_manager.find_region(name);
      ASSERT_NE(region, nullptr) << name;
      ASSERT_EQ(region->created.pages, expected.pages);
      ASSERT_EQ(region->created.payer, expected.payer);
      for (unsigned i = 0; i < kMaxClients; ++i) {
        ASSERT_EQ(region->slots[i], expected.slots[i] ? expected.slots[i]->connection : 0)
            << name << ' ' << i;
        ASSERT_EQ(region->created.generation[i], expected.generation[i]);
      }
    }
    ASSERT_EQ(x_manager.sessions().size(), x_model.sessions.size());
    ASSERT_EQ(x_manager.vms().size(), x_model.vms.size());
    // The journal tells the same story, from the beginning and from a snapshot.
    Manager replayed;
    for (const Event& event : x_events) {
      const auto decoded = decode_event(encode(event));
      ASSERT_TRUE(decoded);
      const auto applied = replayed.apply(*decoded);
      ASSERT_TRUE(applied) << applied.error().message();
    }
    Manager rebuilt;
    for (const Event& event : x_manager.snapshot()) ASSERT_TRUE(rebuilt.apply(event));
    const std::string now = dump(x_manager);
    ASSERT_EQ(dump(replayed), now);
    ASSERT_EQ(dump(rebuilt), now);
  }

 private:
  static std::string dump(const Manager& manager) {
    std::string text;
    for (const Event& event : manager.snapshot()) {
      // Numbers that were taken and given back without a trace do not count.
      if (!std::holds_alternative<IdsUsed>(event)) text += encode(event);
    }
    for (const char* key : {"vm:a", "vm:b", "uid:1", "uid:2", ""}) {
      const Usage usage = manager.usage(key);
      text += std::to_string(usage.bytes) + "," + std::to_string(usage.connections) + ";";
    }
    return text;
  }

  std::uint32_t pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(x_random);
  }
  template <class Map>
  typename Map::key_type pick_key(const Map& map) {
    return std::next(map.begin(), pick(static_cast<std::uint32_t>(map.size())))->first;
  }
  std::string region_name() { return std::string("r") + std::to_string(pick(6)); }
  std::string vm_name() { return pick(2) == 0 ? "a" : "b"; }
  static uid_t uid_of(const std::string& vm) { return vm == "a" ? 1 : 2; }
  void note(const Events& events) { x_events.insert(x_events.end(), events.begin(), events.end()); }

  void add_vm() {
    VmPolicy policy;
    policy.vm = vm_name();
    policy.uid = uid_of(policy.vm);
    policy.bytes = kBytesOfAVm;
    policy.connections = kConnections;
    policy.connections_per_region = kShare;
    policy.vdevs.emplace_back().vdev = "v";
    const bool creates = pick(2) == 0;
    const std::uint64_t pages = pick(3);
    if (creates) policy.vdevs[0].creates = {{"r0", pages * kPageBytes, 0606, std::nullopt, ""}};
    bool possible = !x_model.vms.contains(policy.vm);
    const auto existing = x_model.regions.find("r0");
    if (possible && creates) {
      if (existing == x_model.regions.end()) {
        possible = x_model.fits(pages, "vm:" + policy.vm, kBytesOfAVm);
      } else {
        possible = existing->second.owner == policy.uid ? (existing->second.mode & 0400) != 0
                                                        : readable_by_others(existing->second.mode);
      }
    }
    const auto added = x_manager.add_vm(policy, 1);
    ASSERT_EQ(added.has_value(), possible);
    if (!added) return;
    note(*added);
    x_model.vms[policy.vm] = creates;
    if (!creates) return;
    if (existing == x_model.regions.end()) {
      ModelRegion region;
      region.pages = pages;
      region.payer = "vm:" + policy.vm;
      region.mode = 0606;
      region.owner = policy.uid;
      x_model.regions["r0"] = region;
    }
    x_model.regions["r0"].holding_vms.push_back(policy.vm);
  }

  // Everybody is in group 0, and so is every region: the group bits decide for those who are not the owner.
  static bool readable_by_others(std::uint32_t mode) { return (mode & 0040) != 0; }

  void remove_vm() {
    const std::string vm = vm_name();
    const auto removed = x_manager.remove_vm(vm);
    ASSERT_EQ(removed.has_value(), x_model.vms.contains(vm));
    if (!removed) return;
    note(*removed);
    for (auto& [name, region] : x_model.regions) {
      std::erase(region.holding_vms, vm);
      for (auto& slot : region.slots) {
        if (slot && slot->who == vm) slot.reset();
      }
    }
    std::erase_if(x_model.sessions, [&](const auto& session) { return session.second.vm == vm; });
    x_model.vms.erase(vm);
    x_model.collect();
  }

  void add_region() {
    const std::string name = region_name();
    const std::uint64_t pages = pick(4);
    const std::uint32_t mode = pick(2) == 0 ? 0660 : 0666;
    const auto found = x_model.regions.find(name);
    const bool there = found != x_model.regions.end();
    const bool taken_over = there && !found->second.manifest && found->second.payer == "uid:1" &&
                            found->second.pages == pages && found->second.mode == mode;
    const bool possible = taken_over || (!there && x_model.fits(pages, "", kTotalBytes));
    const auto added = x_manager.add_region({name, pages * kPageBytes, mode, 1, 0}, 1);
    ASSERT_EQ(added.has_value(), possible);
    if (!added) return;
    note(*added);
    if (taken_over) {
      found->second.manifest = true;
      return;
    }
    ModelRegion region;
    region.pages = pages;
    region.mode = mode;
    region.owner = 1;
    region.manifest = true;
    x_model.regions[name] = region;
  }

  void remove_region() {
    const std::string name = region_name();
    const auto found = x_model.regions.find(name);
    const bool possible = found != x_model.regions.end() && found->second.manifest;
    const auto removed = x_manager.remove_region(name);
    ASSERT_EQ(removed.has_value(), possible);
    if (!removed) return;
    note(*removed);
    found->second.manifest = false;
    x_model.collect();
  }

  void open_session() {
    if (x_model.sessions.size() >= 8) return;
    ModelSession session;
    Principal principal;
    if (pick(2) == 0 && !x_model.vms.empty()) {
      session.vm = pick_key(x_model.vms);
      session.uid = uid_of(session.vm);
      principal.vm = x_manager.find_vm(session.vm)->added.id;
      principal.vm_name = session.vm;
      principal.label = "v";
    } else {
      session.uid = 1 + pick(2);
    }
    principal.identity.uid = session.uid;
    const Events events = x_manager.open_session(principal, 1, 1);
    note(events);
    x_model.sessions[std::get<SessionOpened>(events.front()).id] = session;
  }

  void close_session() {
    if (x_model.sessions.empty()) return;
    const Id id = pick_key(x_model.sessions);
    note(x_manager.close_session(id));
    for (auto& [name, region] : x_model.regions) {
      for (auto& slot : region.slots) {
        if (slot && slot->session == id) slot.reset();
      }
    }
    x_model.sessions.erase(id);
    x_model.collect();
  }

  void detach() {
    if (x_manager.connections().empty()) return;
    const Id id = pick_key(x_manager.connections());
    const Id session = pick(4) == 0 ? pick_key(x_model.sessions) : x_manager.connections().at(id).session;
    note(x_manager.detach(session, id));
    for (auto& [name, region] : x_model.regions) {
      for (auto& slot : region.slots) {
        if (slot && slot->connection == id && slot->session == session) slot.reset();
      }
    }
    x_model.collect();
  }

  Status expected_status(const ModelSession& who, const std::string& name, std::uint32_t pages) {
    const bool is_vm = !who.vm.empty();
    const auto found = x_model.regions.find(name);
    if (found != x_model.regions.end()) {
      const ModelRegion& region = found->second;
      const bool readable =
          region.owner == who.uid ? (region.mode & 0400) != 0 : readable_by_others(region.mode);
      if (!readable) return Status::no_permission;
      const auto taken = std::count_if(region.slots.begin(), region.slots.end(),
                                       [](const auto& s) { return s.has_value(); });
      if (taken == static_cast<long>(kMaxClients)) return Status::client_max;
      if (is_vm && x_model.share(region, who.vm, who.uid) >= kShare) return Status::client_max;
    } else if (pages == 0) {
      return Status::unknown_failure;
    }
    if (is_vm && x_model.connections(who.vm, who.uid) >= kConnections) return Status::client_max;
    if (found == x_model.regions.end()) {
      const std::string payer = is_vm ? "vm:" + who.vm : "uid:" + std::to_string(who.uid);
      if (!x_model.fits(pages, payer, is_vm ? kBytesOfAVm : kTotalBytes)) return Status::no_memory;
    }
    return Status::ok;
  }

  // The first layer that refuses is the one that judge() names; none does if it grants.
  static void expect_explained(const Explanation& explanation, Status expected) {
    static const std::map<Refusal, std::set<std::string>> kLayers = {
        {Refusal::illegal_name, {"name"}},
        {Refusal::name_rule, {"rules"}},
        {Refusal::illegal_host_name, {"host-name"}},
        {Refusal::no_such_region, {"region"}},
        {Refusal::mode_bits, {"mode"}},
        {Refusal::share_of_region, {"clients-per-region"}},
        {Refusal::region_full, {"clients-of-region"}},
        {Refusal::connections, {"clients", "system-clients"}},
        {Refusal::all_connections, {"all-clients", "host-clients"}},
        {Refusal::regions, {"all-regions", "regions", "system-regions"}},
        {Refusal::size, {"all-memory", "memory", "system-memory"}}};
    ASSERT_EQ(explanation.status, expected);
    const auto refusing =
        std::find_if(explanation.layers.begin(), explanation.layers.end(),
                     [](const Layer& layer) { return layer.outcome == Layer::Outcome::refuses; });
    if (expected == Status::ok) {
      ASSERT_EQ(refusing, explanation.layers.end()) << refusing->text;
      return;
    }
    ASSERT_NE(refusing, explanation.layers.end()) << explain(explanation.judgement);
    ASSERT_TRUE(kLayers.at(explanation.judgement.refusal).contains(refusing->name))
        << explain(explanation.judgement) << " but " << refusing->name << ": " << refusing->text;
  }

  void attach() {
    if (x_model.sessions.empty()) return;
    const Id session = pick_key(x_model.sessions);
    const ModelSession who = x_model.sessions.at(session);
    const std::string name = region_name();
    const std::uint32_t pages = pick(5);
    constexpr std::uint32_t kModes[] = {0, 0600, 0640, 0666, 0444, 0222, 0060};
    const std::uint32_t mode = kModes[pick(std::size(kModes))];
    const Status expected = expected_status(who, name, pages);
    expect_explained(x_manager.explain(x_manager.sessions().at(session).opened.principal, name, pages),
                     expected);
    const AttachOutcome outcome = x_manager.attach(session, name, pages, mode, 1);
    ASSERT_EQ(outcome.status, expected) << name << ": " << explain(outcome);
    ASSERT_EQ(outcome.connection != 0, expected == Status::ok);
    if (expected != Status::ok) {
      ASSERT_TRUE(outcome.events.empty());
      return;
    }
    note(outcome.events);
    const bool is_new = !x_model.regions.contains(name);
    ASSERT_EQ(outcome.created, is_new);
    ModelRegion& region = x_model.regions[name];
    if (is_new) {
      region.pages = pages;
      region.payer = who.vm.empty() ? "uid:" + std::to_string(who.uid) : "vm:" + who.vm;
      region.mode = mode == 0 ? 0666 : mode;
      region.owner = who.uid;
    }
    unsigned index = 0;
    while (region.slots[index]) ++index;
    region.slots[index] = ModelClient{outcome.connection, session, who.vm};
    ++region.generation[index];
    const bool writable = is_new || (region.mode & (region.owner == who.uid ? 0200U : 0020U)) != 0;
    ASSERT_EQ(x_manager.connections().at(outcome.connection).writable, writable);
  }

  std::mt19937 x_random;
  Manager x_manager;
  Model x_model;
  Events x_events;
};

class RegionManagerModel : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(RegionManagerModel, AgreesWithTheNaiveModel) {
  History history(GetParam());
  for (int i = 0; i < 300; ++i) {
    ASSERT_NO_FATAL_FAILURE(history.step()) << "step " << i;
    ASSERT_NO_FATAL_FAILURE(history.compare()) << "step " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegionManagerModel, ::testing::Range(0U, 40U));

}  // namespace
}  // namespace qvm::regions
