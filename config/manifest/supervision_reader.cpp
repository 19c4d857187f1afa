// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/supervision_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/manifest/manifest_reader.h"

namespace qvm::config {
namespace {

constexpr std::string_view kDependsExample = "depends_on: [left, {region: moo, clients: 1}]";
constexpr std::string_view kRestartExample = "restart: {policy: on-failure, max-restarts: 5}";
constexpr unsigned kMostRestarts = 1'000'000;
constexpr std::chrono::milliseconds kShortestDelay{100};

Value<std::string> console_text(const YamlNode& node) {
  const bool one_line = node.text.find_first_of("\r\n") == std::string::npos;
  if (one_line && node.text.size() <= kLongestConsoleText) return node.text;
  return tl::unexpected(
      ValueProblem{.message = "the text that a console shows must be part of one line",
                   .help = fmt::format("write at most {} bytes without line breaks", kLongestConsoleText),
                   .better = {}});
}

// One item that is a mapping.
class ConditionReader : private ManifestReader {
 public:
  explicit ConditionReader(DiagnosticSink& sink) : ManifestReader(sink) {}

  std::optional<Dependency> read(const YamlNode& item) {
    const std::size_t errors = sink().count(Severity::error);
    read_all(item);
    if (sink().count(Severity::error) != errors) return std::nullopt;
    return judge(item);
  }

 private:
  void read_all(const YamlNode& item) {
    const auto name = [](const YamlNode& node) { return parse_vm_name(node.text); };
    const auto region = [](const YamlNode& node) { return parse_region_name(node.text); };
    const auto clients = [](const YamlNode& node) {
      return parse_count(node.text, "clients of a region", kMostRegionClients);
    };
    const auto time = [](const YamlNode& node) { return parse_duration(node.text); };
    const std::vector<Key> keys = {
        {"vm",
         [&](const YamlEntry& key) { x_vm = value<std::string>(key, "a VM's name", "vm: left", name); }},
        {"console",
         [&](const YamlEntry& key) {
           x_console = value<std::string>(key, "a text", "console: \"login:\"", console_text);
         }},
        {"region",
         [&](const YamlEntry& key) {
           x_region = value<std::string>(key, "a region's name", "region: moo", region);
         }},
        {"clients",
         [&](const YamlEntry& key) { x_clients = value<unsigned>(key, "a number", "clients: 2", clients); }},
        {"timeout",
         [&](const YamlEntry& key) {
           x_timeout = value<std::chrono::milliseconds>(key, "a time", "timeout: 30s", time);
         }},
    };
    read_keys(item, "a condition", keys);
  }

  std::optional<Dependency> judge(const YamlNode& item) {
    if (x_vm.has_value() == x_region.has_value()) {
      error(kManifestMissing, item.where,
            x_vm ? "a condition is about a VM or about a region, not both"
                 : "a condition has neither 'vm' nor 'region'",
            x_vm ? "make two conditions of it" : fmt::format("for example '{}'", kDependsExample));
      return std::nullopt;
    }
    if (x_console && !x_vm) {
      error(kManifestMissing, x_console->where, "'console' needs the 'vm' whose console it is",
            "for example '{vm: left, console: \"login:\"}'");
      return std::nullopt;
    }
    if (x_clients && !x_region) {
      error(kManifestMissing, x_clients->where, "'clients' needs the 'region' whose clients they are",
            "for example '{region: moo, clients: 2}'");
      return std::nullopt;
    }
    Dependency result;
    Condition& condition = result.condition;
    if (x_vm) {
      condition.kind = x_console ? Condition::Kind::console : Condition::Kind::started;
      condition.vm = x_vm->value;
      result.where = x_vm->where;
      if (x_console) condition.text = x_console->value;
    } else {
      condition.kind = x_clients ? Condition::Kind::clients : Condition::Kind::region;
      condition.region = x_region->value;
      result.where = x_region->where;
      if (x_clients) condition.clients = x_clients->value;
    }
    result.detail_where = x_console ? x_console->where : x_clients ? x_clients->where : result.where;
    if (condition.kind != Condition::Kind::started) condition.timeout = kConditionTimeout;
    if (x_timeout) condition.timeout = x_timeout->value;
    return result;
  }

  std::optional<Located<std::string>> x_vm;
  std::optional<Located<std::string>> x_console;
  std::optional<Located<std::string>> x_region;
  std::optional<Located<unsigned>> x_clients;
  std::optional<Located<std::chrono::milliseconds>> x_timeout;
};

std::optional<Dependency> read_item(const ManifestReader& reader, const YamlNode& item) {
  if (item.kind == YamlNode::Kind::mapping) return ConditionReader(reader.sink()).read(item);
  if (!reader.expect(item, item.where, "depends_on", YamlNode::Kind::scalar, "a list of VMs and conditions",
                     kDependsExample)) {
    return std::nullopt;
  }
  const auto name = parse_vm_name(item.text);
  if (!name) {
    reader.report(item, name.error());
    return std::nullopt;
  }
  Dependency result;
  result.condition.vm = *name;
  result.where = result.detail_where = item.where;
  return result;
}

}  // namespace

void read_depends_on(const YamlEntry& entry, VmEntry& vm, DiagnosticSink& sink) {
  const ManifestReader reader(sink);
  if (!reader.expect(entry, YamlNode::Kind::sequence, "a list of VMs and conditions", kDependsExample))
    return;
  for (const YamlNode& item : entry.value.items) {
    auto dependency = read_item(reader, item);
    if (!dependency) continue;
    const auto same = [&](const Dependency& other) {
      Condition one = other.condition;
      one.timeout = dependency->condition.timeout;
      return one == dependency->condition;
    };
    const auto before = std::find_if(vm.depends_on.begin(), vm.depends_on.end(), same);
    if (before == vm.depends_on.end()) {
      vm.depends_on.push_back(std::move(*dependency));
      continue;
    }
    Diagnostic finding;
    finding.rule = kManifestDuplicate;
    finding.where = dependency->where;
    finding.message = fmt::format("VM '{}' waits twice for {}", vm.name.value, describe(before->condition));
    finding.notes.push_back({before->where, "the first one is here"});
    sink.add(std::move(finding));
  }
}

void read_restart(const YamlEntry& entry, VmEntry& vm, DiagnosticSink& sink) {
  const ManifestReader reader(sink);
  const auto policy = [](const YamlNode& node) { return parse_restart(node.text); };
  if (entry.value.kind != YamlNode::Kind::mapping) {
    const auto when =
        reader.value<RestartPolicy::When>(entry, "a policy or a mapping", kRestartExample, policy);
    if (when) vm.restart.when = when->value;
    return;
  }
  std::optional<Located<RestartPolicy::When>> when;
  std::optional<Located<std::chrono::milliseconds>> max_delay;
  const auto duration = [](const YamlNode& node) { return parse_duration(node.text); };
  const auto time = [&](const YamlEntry& key, std::chrono::milliseconds& target) {
    const auto read = reader.value<std::chrono::milliseconds>(key, "a time", "delay: 2s", duration);
    if (read) target = read->value;
    return read;
  };
  RestartPolicy& restart = vm.restart;
  const std::vector<ManifestReader::Key> keys = {
      {"policy",
       [&](const YamlEntry& key) {
         when = reader.value<RestartPolicy::When>(key, "a policy", "policy: on-failure", policy);
       }},
      {"max-restarts",
       [&](const YamlEntry& key) {
         const auto most = reader.value<unsigned>(
             key, "a number", "max-restarts: 5",
             [](const YamlNode& node) { return parse_count(node.text, "restarts", kMostRestarts); });
         if (most) restart.max_restarts = most->value;
       }},
      {"delay",
       [&](const YamlEntry& key) {
         const auto read = time(key, restart.delay);
         if (!read || read->value >= kShortestDelay) return;
         reader.error(kManifestValue, read->where, fmt::format("a delay of {}ms", read->value.count()),
                      fmt::format("write at least {}ms", kShortestDelay.count()));
       }},
      {"max-delay", [&](const YamlEntry& key) { max_delay = time(key, restart.max_delay); }},
      {"stable-after", [&](const YamlEntry& key) { time(key, restart.stable_after); }},
  };
  const std::size_t errors = sink.count(Severity::error);
  reader.read_keys(entry.value, fmt::format("'restart' of VM '{}'", vm.name.value), keys);
  if (sink.count(Severity::error) != errors) return;
  if (!when) {
    return reader.error(kManifestMissing, entry.key_where, "'restart' has no 'policy'",
                        fmt::format("for example '{}'", kRestartExample));
  }
  restart.when = when->value;
  if (restart.max_delay >= restart.delay) return;
  if (!max_delay) {
    restart.max_delay = restart.delay;
    return;
  }
  reader.error(kManifestValue, max_delay->where, "'max-delay' is shorter than 'delay'",
               fmt::format("write at least {}ms", restart.delay.count()));
}

}  // namespace qvm::config
