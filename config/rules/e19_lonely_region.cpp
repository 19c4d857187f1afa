// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>
#include <set>

#include "config/language/suggest.h"
#include "config/model/regions.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLonelyRegion;

namespace {

// Lists with wildcards are tried one after the other; sets with more different ones are not judged.
constexpr std::size_t kMostLists = 64;

bool is_literal(const std::string& pattern) {
  return pattern.find_first_of("*?[\\") == std::string::npos;
}

bool substitutes(const Vdev& vdev) {
  for (const Option& option : vdev.options) {
    if (option.name == "subst") return true;
  }
  return false;
}

// Who may attach to what, in a form that answers for one region without asking every VM.
class Permissions {
 public:
  void add(std::size_t vm, const Vdev& vdev) {
    const RegionAccess access = region_access(vdev);
    x_vms.insert(vm);
    if (access.rules.empty() || substitutes(vdev)) {
      x_anything.insert(vm);
      return;
    }
    bool literal = access.rules.back().allow;
    for (const AccessRule& rule : access.rules) literal = literal && rule.allow && is_literal(rule.pattern);
    if (literal) {
      for (const AccessRule& rule : access.rules) x_literal[rule.pattern].insert(vm);
      return;
    }
    std::string key;
    for (const AccessRule& rule : access.rules) key += (rule.allow ? "+" : "-") + rule.pattern + "\n";
    List& list = x_lists[key];
    if (list.access.rules.empty()) list.access = access;
    list.vms.insert(vm);
  }

  bool judged() const { return x_lists.size() <= kMostLists; }
  std::size_t count() const { return x_vms.size(); }

  // Whether another VM than this one may attach to the region.
  bool others_may(std::size_t vm, const std::string& region) const {
    if (has_other(x_anything, vm)) return true;
    const auto literal = x_literal.find(region);
    if (literal != x_literal.end() && has_other(literal->second, vm)) return true;
    for (const auto& [key, list] : x_lists) {
      if (has_other(list.vms, vm) && list.access.allows(region)) return true;
    }
    return false;
  }

  // A region that is allowed somewhere and nearly has this name.
  std::string similar(const std::string& region) const {
    if (x_literal.size() > kMostLists) return {};
    std::vector<std::string_view> names;
    for (const auto& [name, vms] : x_literal) {
      if (name != region) names.push_back(name);
    }
    const auto near = suggest(region, names);
    return near ? std::string(near->name) : std::string();
  }

 private:
  struct List {
    RegionAccess access;
    std::set<std::size_t> vms;
  };
  static bool has_other(const std::set<std::size_t>& vms, std::size_t vm) {
    return vms.size() > 1 || (vms.size() == 1 && *vms.begin() != vm);
  }

  std::set<std::size_t> x_vms;
  std::set<std::size_t> x_anything;
  std::map<std::string, std::set<std::size_t>> x_literal;
  std::map<std::string, List> x_lists;
};

void check_e19(const RuleInput& input, DiagnosticSink& sink) {
  Permissions permissions;
  std::map<std::string, SourceRange> places;  // of patterns
  for (std::size_t i = 0; i < input.vms.size(); ++i) {
    for (const Vdev& vdev : input.vms[i].model.vdevs) {
      if (!has_regions(vdev)) continue;
      permissions.add(i, vdev);
      for (const AccessRule& rule : region_access(vdev).rules) places.try_emplace(rule.pattern, rule.where);
    }
  }
  if (permissions.count() < 2 || !permissions.judged()) return;
  for (std::size_t i = 0; i < input.vms.size(); ++i) {
    for (const Vdev& vdev : input.vms[i].model.vdevs) {
      for (const RegionCreation& creation : region_access(vdev).creations) {
        if (permissions.others_may(i, creation.host_name)) continue;
        Diagnostic diagnostic = finding(
            kLonelyRegion, creation.where,
            fmt::format("no other VM of this set may attach to region '{}'", creation.host_name),
            fmt::format("add 'allow {}' to the vdev of the VM that it is shared with", creation.host_name));
        if (const std::string similar = permissions.similar(creation.host_name); !similar.empty()) {
          diagnostic.help = fmt::format("did you mean '{}', which is allowed elsewhere?", similar);
          diagnostic.notes.push_back({places.at(similar), "a similar name"});
        }
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kLonelyRegion{.id = "E19",
                         .severity = Severity::warning,
                         .title = "region that no other VM may attach to",
                         .documentation =
                             "A region that one VM creates is of use to another only if the patterns of a "
                             "vdev there allow its name, after "
                             "subst. Sets with a single VM that has regions are not looked at.",
                         .wrong = {"system left\nram 64M\nvdev shmem create moo,64K allow moo\n",
                                   "system right\nram 64M\nvdev shmem allow mooo\n"},
                         .right = {"system left\nram 64M\nvdev shmem create moo,64K allow moo\n",
                                   "system right\nram 64M\nvdev shmem allow moo\n"},
                         .check = check_e19};

}  // namespace qvm::config
