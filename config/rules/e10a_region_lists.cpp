// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/model/regions.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kRegionLists;

namespace {

// With a pattern for everything the list says itself what becomes of the rest.
void check_mixed(const RegionAccess& access, DiagnosticSink& sink) {
  const auto is_everything = [](const AccessRule& rule) { return rule.pattern == "*"; };
  if (std::any_of(access.rules.begin(), access.rules.end(), is_everything)) return;
  const AccessRule* first = access.rules.empty() ? nullptr : &access.rules.front();
  for (const AccessRule& rule : access.rules) {
    if (rule.allow == first->allow) continue;
    const bool rest = !access.rules.back().allow;
    Diagnostic diagnostic =
        finding(kRegionLists, rule.where, "'allow' and 'deny' are mixed: the first match decides",
                fmt::format("names that match none of the patterns are {}", rest ? "allowed" : "denied"));
    diagnostic.notes.push_back({first->where, fmt::format("the list starts with '{} {}'",
                                                          first->allow ? "allow" : "deny", first->pattern)});
    sink.add(std::move(diagnostic));
    return;
  }
}

void check_reachable(const RegionAccess& access, DiagnosticSink& sink) {
  const AccessRule* everything = nullptr;
  for (const AccessRule& rule : access.rules) {
    if (everything != nullptr) {
      Diagnostic diagnostic =
          finding(kRegionLists, rule.where,
                  fmt::format("'{} {}' has no effect: an earlier pattern matches every name",
                              rule.allow ? "allow" : "deny", rule.pattern),
                  "move the pattern that matches everything to the end");
      diagnostic.notes.push_back({everything->where, "this one matches every name"});
      sink.add(std::move(diagnostic));
    } else if (rule.pattern == "*") {
      everything = &rule;
    }
  }
}

void check_e10a(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      const RegionAccess access = region_access(vdev);
      check_mixed(access, sink);
      check_reachable(access, sink);
      for (const RegionCreation& creation : access.creations) {
        if (creation.bytes % kRegionPage == 0) continue;
        sink.add(finding(kRegionLists, creation.where,
                         fmt::format("size {} of region '{}' is no multiple of {}", creation.bytes,
                                     creation.name, kRegionPage),
                         fmt::format("it becomes {}", round_to_pages(creation.bytes))));
      }
    }
  }
}

}  // namespace

const Rule kRegionLists{.id = "E10a",
                        .severity = Severity::warning,
                        .title = "region options that do something unexpected",
                        .documentation =
                            "Of the allow and deny patterns of a shmem vdev, the first that matches decides; "
                            "a name that matches none gets "
                            "the opposite of the last kind used. Mixing both kinds is easily misread. Sizes "
                            "are rounded up to pages of "
                            "4 KiB.",
                        .wrong = {"system left\nram 64M\nvdev shmem allow moo* deny m* create moo,1000\n"},
                        .right = {"system left\nram 64M\nvdev shmem allow moo* create moo,4096\n"},
                        .check = check_e10a};

}  // namespace qvm::config
