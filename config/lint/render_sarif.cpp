// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// SARIF 2.1.0, the format that code scanning services read: OASIS sarif-v2.1.0, section numbers below.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "config/lint/render.h"
#include "config/lint/render_places.h"
#include "config/rules/rule.h"

namespace qvm::config {
namespace {

using OrderedJson = nlohmann::ordered_json;

// 3.27.10
std::string_view level(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

// 3.4.3: a relative path is a relative reference, an absolute one a file URI; both escaped as RFC 3986 says.
std::string uri(std::string_view path) {
  std::string result = path.starts_with('/') ? "file://" : "";
  while (path.starts_with("./")) path.remove_prefix(2);
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("-._~/").find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

// The places of one set of VMs.
class Places {
 public:
  explicit Places(const SourceSet& sources) : x_sources(sources), x_characters(sources) {}

  OrderedJson region(const SourceRange& where) {
    const CharacterRegion place = x_characters.region(where);
    return OrderedJson{{"startLine", place.begin_line},
                       {"startColumn", place.begin_column},
                       {"endLine", place.end_line},
                       {"endColumn", place.end_column}};
  }

  OrderedJson artifact(const SourceRange& where) const {
    return OrderedJson{{"uri", uri(x_sources.name(where.source))}};
  }

  OrderedJson location(const SourceRange& where) {
    return OrderedJson{
        {"physicalLocation", {{"artifactLocation", artifact(where)}, {"region", region(where)}}}};
  }

 private:
  const SourceSet& x_sources;
  CharacterPlaces x_characters;
};

class Document {
 public:
  Document() {
    for (const Rule* rule : all_rules()) {
      x_index.emplace(rule->id, x_rules.size());
      x_rules.push_back(OrderedJson{{"id", rule->id},
                                    {"shortDescription", {{"text", rule->title}}},
                                    {"fullDescription", {{"text", rule->documentation}}},
                                    {"help", {{"text", rule->documentation}}},
                                    {"defaultConfiguration", {{"level", level(rule->severity)}}}});
    }
  }

  void add(const Diagnostic& finding, Places& places) {
    OrderedJson result{{"ruleId", finding.rule},
                       {"ruleIndex", index_of(finding)},
                       {"level", level(finding.severity)},
                       {"message", {{"text", message(finding)}}}};
    if (finding.where.valid()) result["locations"] = OrderedJson::array({places.location(finding.where)});
    for (const Note& note : finding.notes) {
      OrderedJson related = note.where.valid() ? places.location(note.where) : OrderedJson::object();
      related["message"] = {{"text", note.text}};
      result["relatedLocations"].push_back(std::move(related));
    }
    if (finding.fix) result["fixes"] = OrderedJson::array({fix(finding, places)});
    x_results.push_back(std::move(result));
  }

  std::string text(std::string_view version, bool complete) {
    OrderedJson driver{{"name", "qvm-lint"}, {"version", version}, {"rules", std::move(x_rules)}};
    OrderedJson run{{"tool", {{"driver", std::move(driver)}}},
                    {"invocations", OrderedJson::array({{{"executionSuccessful", complete}}})},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", std::move(x_results)}};
    const OrderedJson document{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                               {"version", "2.1.0"},
                               {"runs", OrderedJson::array({std::move(run)})}};
    return document.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  }

 private:
  // The rules of manifests have no entry in the list of rules.
  std::size_t index_of(const Diagnostic& finding) {
    const auto [found, added] = x_index.emplace(finding.rule, x_rules.size());
    if (added) x_rules.push_back(OrderedJson{{"id", finding.rule}});
    return found->second;
  }

  // Viewers show this text alone.
  static std::string message(const Diagnostic& finding) {
    return finding.help.empty() ? finding.message : finding.message + "\n" + finding.help;
  }

  // 3.55
  static OrderedJson fix(const Diagnostic& finding, Places& places) {
    const Fix& one = *finding.fix;
    OrderedJson replacement{{"deletedRegion", places.region(one.where)},
                            {"insertedContent", {{"text", one.replacement}}}};
    OrderedJson change{{"artifactLocation", places.artifact(one.where)},
                       {"replacements", OrderedJson::array({std::move(replacement)})}};
    OrderedJson result;
    if (!finding.help.empty()) result["description"] = {{"text", finding.help}};
    result["artifactChanges"] = OrderedJson::array({std::move(change)});
    return result;
  }

  OrderedJson x_rules = OrderedJson::array();
  OrderedJson x_results = OrderedJson::array();
  std::map<std::string, std::size_t, std::less<>> x_index;
};

}  // namespace

std::string render_sarif(std::span<const Findings> sets, std::string_view version, bool complete) {
  Document document;
  for (const Findings& set : sets) {
    Places places(set.sources);
    for (const Diagnostic& one : set.diagnostics.all()) document.add(one, places);
  }
  return document.text(version, complete);
}

}  // namespace qvm::config
