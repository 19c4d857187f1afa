// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fuzz/checks.h"

#include <algorithm>
#include <span>

#include "config/lint/render.h"

namespace qvm::fuzz {
namespace {

using config::SourceRange;

bool inside(const SourceRange& where, const config::SourceSet& sources) {
  return !where.valid() || (where.begin <= where.end && where.end <= sources.text(where.source).size());
}

std::string check_places(const config::LoadedSystem& system) {
  for (const config::Diagnostic& one : system.diagnostics.all()) {
    if (one.message.empty() || one.rule.empty()) return "a finding without text or rule";
    if (!one.where.valid()) return "a finding without a place: " + one.message;
    if (!inside(one.where, system.sources)) return "a finding outside its source: " + one.message;
    for (const config::Note& note : one.notes) {
      if (!inside(note.where, system.sources)) return "a note outside its source: " + note.text;
    }
    if (one.fix && !inside(one.fix->where, system.sources)) return "a fix outside its source: " + one.message;
  }
  return {};
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

std::string check_findings(const config::LoadedSystem& system) {
  if (std::string problem = check_places(system); !problem.empty()) return problem;
  const config::Findings findings{system.diagnostics, system.sources};
  const std::span set(&findings, 1);
  if (has_control_characters(render_text(system.diagnostics, system.sources, config::Colors::off)))
    return "a control character in the output";
  // Documents take most of the time of a fuzzing engine; it changes the number of findings often enough.
  const bool documents = system.diagnostics.all().size() % 4 == 1;
  if (documents && (config::render_json(set).empty() || config::render_sarif(set, "1", true).empty()))
    return "no document";
  const std::string github = config::render_github(set);
  const auto lines = static_cast<std::size_t>(std::count(github.begin(), github.end(), '\n'));
  return lines == system.diagnostics.all().size() ? "" : "not one annotation per finding";
}

}  // namespace qvm::fuzz
