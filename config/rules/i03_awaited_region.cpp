// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/language/suggest.h"
#include "config/model/regions.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kAwaitedRegion;

namespace {

// Where regions of a set come from, apart from host programs.
class Regions {
 public:
  explicit Regions(const RuleInput& input) {
    for (const RegionEntry& region : input.manifest->regions) x_names.push_back(region.name.value);
    for (const CheckedVm& vm : input.vms) {
      for (const Vdev& vdev : vm.model.vdevs) {
        if (!has_regions(vdev)) continue;
        const RegionAccess access = region_access(vdev);
        for (const RegionCreation& creation : access.creations) x_names.push_back(creation.host_name);
        x_any = x_any || std::any_of(vdev.options.begin(), vdev.options.end(),
                                     [](const Option& option) { return option.name == "subst"; });
        x_accesses.push_back(access);
      }
    }
  }

  // A guest that may attach to it may make it.
  bool may_exist(const std::string& region) const {
    return x_any || std::find(x_names.begin(), x_names.end(), region) != x_names.end() ||
           std::any_of(x_accesses.begin(), x_accesses.end(),
                       [&](const RegionAccess& access) { return access.allows(region); });
  }

  std::string similar(const std::string& region) const {
    std::vector<std::string_view> names(x_names.begin(), x_names.end());
    for (const RegionAccess& access : x_accesses) {
      for (const AccessRule& rule : access.rules) {
        if (rule.allow) names.push_back(rule.pattern);
      }
    }
    const auto near = suggest(region, names);
    return near ? std::string(near->name) : std::string();
  }

 private:
  bool x_any = false;  // a vdev substitutes names: there may be any
  std::vector<std::string> x_names;
  std::vector<RegionAccess> x_accesses;
};

void check_i03(const RuleInput& input, DiagnosticSink& sink) {
  if (input.manifest == nullptr) return;
  const Regions regions(input);
  for (const VmEntry& vm : input.manifest->vms) {
    for (const Dependency& dependency : vm.depends_on) {
      const std::string& region = dependency.condition.region;
      if (region.empty() || regions.may_exist(region)) continue;
      std::string help = "correct the name, or let a host program make the region before the time is up";
      if (const std::string similar = regions.similar(region); !similar.empty())
        help = fmt::format("did you mean '{}'?", similar);
      sink.add(
          finding(kAwaitedRegion, dependency.where,
                  fmt::format("VM '{}' waits for region '{}', which no VM may make", vm.name.value, region),
                  std::move(help)));
    }
  }
}

constexpr std::string_view kLeft = "system left\nram 64M\nvdev shmem create moo,64K allow moo\n";
constexpr std::string_view kRight = "system right\nram 64M\nvdev shmem allow moo\n";

}  // namespace

const Rule kAwaitedRegion{
    .id = "I03",
    .severity = Severity::warning,
    .title = "waiting for a region that nobody has",
    .documentation =
        "A VM that waits for a region which is neither in 'regions' of the manifest nor one that a vdev of a "
        "VM may "
        "attach to is started only if a host program makes that region in time.",
    .wrong = {kLeft, kRight,
              "vms:\n  left: {config: left.qvmconf}\n"
              "  right: {config: right.qvmconf, depends_on: [{region: mooo, clients: 1}]}\n"},
    .right = {kLeft, kRight,
              "vms:\n  left: {config: left.qvmconf}\n"
              "  right: {config: right.qvmconf, depends_on: [{region: moo, clients: 1}]}\n"},
    .check = check_i03};

}  // namespace qvm::config
