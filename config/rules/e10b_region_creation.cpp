// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/model/regions.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"
#include "qvm/regions/model/access.h"

namespace qvm::config {

extern const Rule kRegionCreation;

namespace {

void check_one(const RegionCreation& creation, const RegionAccess& access, DiagnosticSink& sink) {
  if (!regions::is_legal_region_name(creation.name) || !regions::is_legal_region_name(creation.host_name)) {
    const bool own = !regions::is_legal_region_name(creation.name);
    sink.add(finding(kRegionCreation, creation.where,
                     fmt::format("'{}' is no name for a region", own ? creation.name : creation.host_name),
                     fmt::format("use {}", regions::kRegionNameForm)));
  }
  if (creation.bytes == 0) {
    sink.add(finding(kRegionCreation, creation.where, fmt::format("size of region '{}' is 0", creation.name),
                     "give its size in bytes, as in 64K"));
  }
  if (access.allows(creation.name)) return;
  const AccessRule* rule = access.match(creation.name);
  Diagnostic diagnostic =
      finding(kRegionCreation, creation.where,
              fmt::format("region '{}' is created but forbidden by the same vdev", creation.name),
              fmt::format("put 'allow {}' before the other patterns", creation.name));
  if (rule != nullptr) {
    diagnostic.notes.push_back({rule->where, "by this pattern"});
  } else {
    diagnostic.notes.push_back(
        {access.rules.back().where, "after the last 'allow' everything else is denied"});
  }
  sink.add(std::move(diagnostic));
}

void check_substitutions(const Vdev& vdev, DiagnosticSink& sink) {
  for (const Option& option : vdev.options) {
    if (option.name != "subst" || option.arguments.empty()) continue;
    const Argument& argument = option.arguments.front();
    if (argument.text.find(',') != std::string::npos) continue;
    sink.add(finding(
        kRegionCreation, argument.where, fmt::format("substitution '{}' has no comma", argument.text),
        fmt::format("write 'subst ,{0}' to put it before every name, or 'subst MATCH,{0}'", argument.text)));
  }
}

void check_e10b(const RuleInput& input, DiagnosticSink& sink) {
  // Where a region is made first, and how large.
  struct Made {
    std::uint64_t bytes = 0;
    SourceRange where;
  };
  std::map<std::string, Made> first;
  if (input.manifest != nullptr) {
    // Its regions are there before any VM runs.
    for (const RegionEntry& region : input.manifest->regions)
      first.try_emplace(region.name.value, Made{region.size_bytes.value, region.size_bytes.where});
  }
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      const RegionAccess access = region_access(vdev);
      if (has_regions(vdev)) check_substitutions(vdev, sink);
      for (const RegionCreation& creation : access.creations) {
        check_one(creation, access, sink);
        const auto [place, fresh] =
            first.try_emplace(creation.host_name, Made{creation.bytes, creation.where});
        const Made& other = place->second;
        if (fresh || round_to_pages(other.bytes) == round_to_pages(creation.bytes)) continue;
        Diagnostic diagnostic =
            finding(kRegionCreation, creation.where,
                    fmt::format("region '{}' is created with {} bytes here and {} elsewhere",
                                creation.host_name, creation.bytes, other.bytes),
                    "use the same size everywhere: the first to come decides");
        diagnostic.notes.push_back({other.where, "the other size"});
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kRegionCreation{
    .id = "E10b",
    .severity = Severity::error,
    .title = "region that cannot be created as written",
    .documentation =
        "A region that 'create' names must be allowed by the patterns of the same "
        "vdev, have a legal name and more than "
        "0 bytes, and the same size wherever else it is created, in another VM or in the manifest.",
    .wrong = {"system left\nram 64M\nvdev shmem create moo,64K\n",
              "system right\nram 64M\nvdev shmem create moo,128K\n"},
    .right = {"system left\nram 64M\nvdev shmem create moo,64K\n",
              "system right\nram 64M\nvdev shmem create moo,64K\n"},
    .check = check_e10b};

}  // namespace qvm::config
