// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest_limits.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "config/suggest.h"
#include "config/system_values.h"

namespace qvm::config {
namespace {

constexpr std::string_view kExample = "limits: {memory: 64MiB, regions: 8, clients: 16}";

struct CountKey {
  std::string_view name;
  std::optional<Located<std::uint32_t>> RegionLimits::*member;
  std::uint32_t most;
  bool of_system;
};
// The region manager has no room for more.
constexpr std::array<CountKey, 3> kCounts = {
    {{"regions", &RegionLimits::regions, 4096, true},
     {"clients", &RegionLimits::clients, 65536, true},
     {"clients-per-region", &RegionLimits::clients_per_region, 16, false}}};

class LimitsReader {
 public:
  LimitsReader(LimitsOf kind, const std::string& owner, RegionLimits& limits, DiagnosticSink& sink)
      : x_kind(kind), x_owner(owner), x_limits(limits), x_sink(sink) {}

  void read(const YamlEntry& entry) {
    if (entry.value.kind != YamlNode::Kind::mapping) {
      return error("manifest-value", entry.key_where,
                   fmt::format("'{}' must be a mapping, not {}", entry.key, entry.value.kind_name()),
                   fmt::format("for example '{}'", kExample));
    }
    x_limits.where = entry.key_where;
    for (const YamlEntry& one : entry.value.entries) read_one(one);
  }

 private:
  void error(std::string_view rule, const SourceRange& where, std::string message, std::string help) {
    Diagnostic finding;
    finding.rule = rule;
    finding.where = where;
    finding.message = std::move(message);
    finding.help = std::move(help);
    x_sink.add(std::move(finding));
  }

  template <class T>
  void take(const YamlEntry& entry, const Value<T>& value, std::optional<Located<T>>& member) {
    if (entry.value.kind != YamlNode::Kind::scalar) {
      error("manifest-value", entry.key_where, fmt::format("'{}' must be a number", entry.key),
            fmt::format("for example '{}'", kExample));
    } else if (!value) {
      Diagnostic finding;
      finding.rule = "manifest-value";
      finding.where = entry.value.where;
      finding.message = value.error().message;
      finding.help = value.error().help;
      if (!value.error().better.empty() && entry.value.verbatim)
        finding.fix = Fix{entry.value.where, value.error().better};
      x_sink.add(std::move(finding));
    } else {
      member = Located<T>{*value, entry.value.where};
    }
  }

  void read_one(const YamlEntry& entry) {
    if (entry.key == "memory") return take(entry, parse_manifest_size(entry.value.text), x_limits.memory);
    for (const CountKey& count : kCounts) {
      if (entry.key != count.name || (x_kind == LimitsOf::system && !count.of_system)) continue;
      return take(entry, parse_manifest_count(entry.value.text, count.most), x_limits.*count.member);
    }
    std::vector<std::string_view> names = {"memory"};
    std::string all = "'memory'";
    for (const CountKey& count : kCounts) {
      if (x_kind == LimitsOf::system && !count.of_system) continue;
      names.push_back(count.name);
      all += fmt::format(", '{}'", count.name);
    }
    const auto meant = suggest(entry.key, names);
    error("manifest-key", entry.key_where, fmt::format("the limits of {} have no '{}'", x_owner, entry.key),
          meant ? fmt::format("did you mean '{}'?", meant->name) : "they can have " + all);
  }

  const LimitsOf x_kind;
  const std::string& x_owner;
  RegionLimits& x_limits;
  DiagnosticSink& x_sink;
};

}  // namespace

void read_limits(const YamlEntry& entry, LimitsOf kind, const std::string& owner, RegionLimits& limits,
                 DiagnosticSink& sink) {
  LimitsReader(kind, owner, limits, sink).read(entry);
}

}  // namespace qvm::config
