// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/supervision.h"

#include <fmt/format.h>

#include <algorithm>

namespace qvm::config {
namespace {

// Depth first; a name on the path that comes again closes a cycle.
class CycleSearch {
 public:
  explicit CycleSearch(const Dependencies& dependencies) : x_dependencies(dependencies) {}

  std::vector<std::string> run() {
    for (const auto& [name, ignored] : x_dependencies) {
      if (visit(name)) return x_cycle;
    }
    return {};
  }

 private:
  enum class Mark { on_path, done };

  // Without recursion: the number of VMs is the user's.
  bool visit(const std::string& first) {
    struct Step {
      const std::string* name;
      const std::vector<std::string>* next;
      std::size_t at = 0;
    };
    std::vector<Step> path;
    const auto enter = [&](const std::string& name) {
      const auto found = x_dependencies.find(name);
      if (found == x_dependencies.end() || !x_marks.try_emplace(name, Mark::on_path).second) return;
      path.push_back({&found->first, &found->second});
    };
    enter(first);
    while (!path.empty()) {
      Step& step = path.back();
      if (step.at == step.next->size()) {
        x_marks[*step.name] = Mark::done;
        path.pop_back();
        continue;
      }
      const std::string& next = (*step.next)[step.at++];
      const auto mark = x_marks.find(next);
      if (next == *step.name || (mark != x_marks.end() && mark->second == Mark::done)) continue;
      if (mark == x_marks.end()) {
        enter(next);
        continue;
      }
      const auto begin =
          std::find_if(path.begin(), path.end(), [&](const Step& one) { return *one.name == next; });
      for (auto one = begin; one != path.end(); ++one) x_cycle.push_back(*one->name);
      return true;
    }
    return false;
  }

  const Dependencies& x_dependencies;
  std::map<std::string, Mark> x_marks;
  std::vector<std::string> x_cycle;
};

}  // namespace

std::vector<std::string> named_vms(const std::vector<Condition>& conditions) {
  std::vector<std::string> names;
  for (const Condition& condition : conditions) {
    if (!condition.vm.empty() && std::find(names.begin(), names.end(), condition.vm) == names.end())
      names.push_back(condition.vm);
  }
  return names;
}

std::vector<std::string> find_cycle(const Dependencies& dependencies) {
  return CycleSearch(dependencies).run();
}

std::string describe(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::started:
      return fmt::format("VM '{}' to be started", condition.vm);
    case Condition::Kind::region:
      return fmt::format("region '{}' to exist", condition.region);
    case Condition::Kind::clients:
      return fmt::format("region '{}' to have {} client{}", condition.region, condition.clients,
                         condition.clients == 1 ? "" : "s");
    case Condition::Kind::console:
      return fmt::format("the console of VM '{}' to show '{}'", condition.vm, condition.text);
  }
  return {};
}

}  // namespace qvm::config
