// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the readers of a manifest's parts share: keys, kinds of values, and how a mistake is reported. Inside
// config/ only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/manifest/system_values.h"
#include "config/manifest/yaml.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

inline constexpr std::string_view kManifestKey = "manifest-key";
inline constexpr std::string_view kManifestValue = "manifest-value";
inline constexpr std::string_view kManifestMissing = "manifest-missing";
inline constexpr std::string_view kManifestDuplicate = "manifest-duplicate";

class ManifestReader {
 public:
  explicit ManifestReader(DiagnosticSink& sink) : x_sink(sink) {}

  // What a mapping can have; each is called at most once.
  struct Key {
    std::string_view name;
    std::function<void(const YamlEntry&)> read;
  };
  // of: whose keys they are, as a message begins ("VM 'left'").
  void read_keys(const YamlNode& node, const std::string& of, const std::vector<Key>& keys) const;

  // Whether the value is of that kind and not empty; else an error that says what it must be.
  bool expect(const YamlEntry& entry, YamlNode::Kind kind, std::string_view what,
              std::string_view example) const;
  bool expect(const YamlNode& node, const SourceRange& blame, std::string_view name, YamlNode::Kind kind,
              std::string_view what, std::string_view example) const;

  void error(std::string_view rule, const SourceRange& where, std::string message, std::string help) const;
  void report(const YamlNode& node, const ValueProblem& problem) const;

  // The value of a scalar after parse, or nullopt and an error in the sink.
  template <class T>
  std::optional<Located<T>> value(const YamlEntry& entry, std::string_view what, std::string_view example,
                                  const std::function<Value<T>(const YamlNode&)>& parse) const {
    if (!expect(entry, YamlNode::Kind::scalar, what, example)) return std::nullopt;
    auto parsed = parse(entry.value);
    if (!parsed) {
      report(entry.value, parsed.error());
      return std::nullopt;
    }
    return Located<T>{std::move(*parsed), entry.value.where};
  }

  DiagnosticSink& sink() const { return x_sink; }

 private:
  void report_unknown_key(const YamlEntry& entry, const std::string& of, const std::vector<Key>& keys) const;

  DiagnosticSink& x_sink;
};

}  // namespace qvm::config
