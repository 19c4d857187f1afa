// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/manifest_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/language/suggest.h"

namespace qvm::config {

void ManifestReader::error(std::string_view rule, const SourceRange& where, std::string message,
                           std::string help) const {
  Diagnostic finding;
  finding.rule = rule;
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  x_sink.add(std::move(finding));
}

void ManifestReader::report(const YamlNode& node, const ValueProblem& problem) const {
  Diagnostic finding;
  finding.rule = kManifestValue;
  finding.where = node.where;
  finding.message = problem.message;
  finding.help = problem.help;
  if (!problem.better.empty() && node.verbatim) finding.fix = Fix{node.where, problem.better};
  x_sink.add(std::move(finding));
}

void ManifestReader::report_unknown_key(const YamlEntry& entry, const std::string& of,
                                        const std::vector<Key>& keys) const {
  std::vector<std::string_view> names;
  std::string all;
  for (const Key& key : keys) {
    names.push_back(key.name);
    all += fmt::format("{}'{}'", all.empty() ? "" : ", ", key.name);
  }
  Diagnostic finding;
  finding.rule = kManifestKey;
  finding.where = entry.key_where;
  finding.message = fmt::format("{} has no '{}'", of, entry.key);
  if (const auto meant = suggest(entry.key, names)) {
    finding.help = fmt::format("did you mean '{}'?", meant->name);
    finding.fix = Fix{entry.key_where, std::string(meant->name)};
  } else {
    finding.help = "it can have " + all;
  }
  x_sink.add(std::move(finding));
}

void ManifestReader::read_keys(const YamlNode& node, const std::string& of,
                               const std::vector<Key>& keys) const {
  for (const YamlEntry& entry : node.entries) {
    const auto known =
        std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == entry.key; });
    if (known == keys.end()) {
      report_unknown_key(entry, of, keys);
    } else {
      known->read(entry);
    }
  }
}

bool ManifestReader::expect(const YamlNode& node, const SourceRange& blame, std::string_view name,
                            YamlNode::Kind kind, std::string_view what, std::string_view example) const {
  if (node.kind == kind && (kind != YamlNode::Kind::scalar || !node.text.empty())) return true;
  const bool empty = node.kind == YamlNode::Kind::null || node.kind == YamlNode::Kind::scalar;
  error(kManifestValue, blame,
        node.kind == YamlNode::Kind::null || (node.kind == kind && empty)
            ? fmt::format("'{}' has no value", name)
            : fmt::format("'{}' must be {}, not {}", name, what, node.kind_name()),
        fmt::format("for example '{}'", example));
  return false;
}

bool ManifestReader::expect(const YamlEntry& entry, YamlNode::Kind kind, std::string_view what,
                            std::string_view example) const {
  return expect(entry.value, entry.key_where, entry.key, kind, what, example);
}

}  // namespace qvm::config
