// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <nlohmann/json.hpp>

#include "config/lint/render.h"

namespace qvm::config {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson range(const SourceRange& where, const SourceSet& sources) {
  const LineColumn begin = sources.position(where.source, where.begin);
  const LineColumn end = sources.position(where.source, where.end);
  return OrderedJson{{"path", sources.name(where.source)},
                     {"begin", {{"line", begin.line}, {"column", begin.column}, {"offset", where.begin}}},
                     {"end", {{"line", end.line}, {"column", end.column}, {"offset", where.end}}}};
}

OrderedJson entry(const Diagnostic& diagnostic, const SourceSet& sources) {
  OrderedJson json;
  json["severity"] = to_string(diagnostic.severity);
  json["rule"] = diagnostic.rule;
  json["message"] = diagnostic.message;
  if (diagnostic.where.valid()) json["where"] = range(diagnostic.where, sources);
  if (!diagnostic.notes.empty()) {
    for (const Note& note : diagnostic.notes) {
      OrderedJson one{{"text", note.text}};
      if (note.where.valid()) one["where"] = range(note.where, sources);
      json["notes"].push_back(std::move(one));
    }
  }
  if (!diagnostic.help.empty()) json["help"] = diagnostic.help;
  if (diagnostic.fix) {
    json["fix"] = OrderedJson{{"where", range(diagnostic.fix->where, sources)},
                              {"replacement", diagnostic.fix->replacement}};
  }
  return json;
}

}  // namespace

std::string render_json(std::span<const Findings> sets) {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  OrderedJson diagnostics = OrderedJson::array();
  for (const Findings& set : sets) {
    errors += set.diagnostics.count(Severity::error);
    warnings += set.diagnostics.count(Severity::warning);
    for (const Diagnostic& one : set.diagnostics.all()) diagnostics.push_back(entry(one, set.sources));
  }
  const OrderedJson json{
      {"version", 1}, {"errors", errors}, {"warnings", warnings}, {"diagnostics", std::move(diagnostics)}};
  // Input need not be UTF-8; output must be.
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string render_json(const DiagnosticSink& diagnostics, const SourceSet& sources) {
  const Findings all{diagnostics, sources};
  return render_json(std::span(&all, 1));
}

}  // namespace qvm::config
