// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Workflow commands of GitHub Actions: https://docs.github.com/actions/reference/workflow-commands
#include <fmt/format.h>

#include "config/lint/render.h"
#include "config/lint/render_places.h"

namespace qvm::config {
namespace {

// A command ends with its line, and '%' starts an escape.
std::string escaped_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n') {
      result += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result;
}

// In a property ',' starts the next one and ':' may end them all.
std::string escaped_property(std::string_view text) {
  std::string result;
  for (const char c : escaped_text(text)) {
    if (c == ':' || c == ',') {
      result += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result;
}

std::string_view command(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "notice";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

std::string annotation(const Diagnostic& finding, const SourceSet& sources, CharacterPlaces& places) {
  std::string properties;
  if (finding.where.valid()) {
    const CharacterRegion region = places.region(finding.where);
    properties = fmt::format("file={},line={},", escaped_property(sources.name(finding.where.source)),
                             region.begin_line);
    // The end's column is only understood on the line of the beginning.
    properties += region.begin_line == region.end_line
                      ? fmt::format("col={},endColumn={},", region.begin_column, region.end_column)
                      : fmt::format("endLine={},", region.end_line);
  }
  std::string text = finding.message;
  for (const Note& note : finding.notes) {
    const std::string place = note.where.valid() ? sources.describe(note.where) + ": " : "";
    text += fmt::format("\nnote: {}{}", place, note.text);
  }
  if (!finding.help.empty()) text += "\nhelp: " + finding.help;
  return fmt::format("::{} {}title={}::{}\n", command(finding.severity), properties,
                     escaped_property("qvm-lint " + finding.rule), escaped_text(text));
}

}  // namespace

std::string render_github(std::span<const Findings> sets) {
  std::string text;
  for (const Findings& set : sets) {
    CharacterPlaces places(set.sources);
    for (const Diagnostic& one : set.diagnostics.all()) text += annotation(one, set.sources, places);
  }
  return text;
}

}  // namespace qvm::config
