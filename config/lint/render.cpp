// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/lint/render_places.h"

namespace qvm::config {
namespace {

constexpr std::uint32_t kLongestLine = 160;  // bytes of a source line that are shown
constexpr std::uint32_t kLeftOfRange = 60;

// Escape sequences, empty without colours.
struct Palette {
  std::string_view bold, red, yellow, blue, green, reset;
};

constexpr Palette kColored{"\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[32m", "\x1b[0m"};
constexpr Palette kPlain{};

// What an input says must not steer the terminal.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) c = '?';
  }
  return result;
}

std::string_view color_of(Severity severity, const Palette& palette) {
  switch (severity) {
    case Severity::info:
      return palette.blue;
    case Severity::warning:
      return palette.yellow;
    case Severity::error:
      return palette.red;
  }
  return palette.red;
}

// The source line and below it the range; of a range over several lines its part on the first one.
std::string snippet(const SourceRange& where, const SourceSet& sources, const Palette& palette) {
  const LineColumn place = sources.position(where.source, where.begin);
  const std::string_view line = sources.line(where.source, place.line);
  const auto length = static_cast<std::uint32_t>(line.size());
  const std::uint32_t begin = std::min(place.column - 1, length);
  const std::uint32_t end = std::clamp(begin + (where.end - where.begin), begin, length);
  std::uint32_t from = 0;
  std::uint32_t to = length;
  if (length > kLongestLine) {
    from = begin > kLeftOfRange ? begin - kLeftOfRange : 0;
    to = std::min(length, from + kLongestLine);
    while (from < begin && continues_character(line[from])) ++from;
    while (to > from && to < length && continues_character(line[to])) --to;
  }
  const std::string number = fmt::format("{:>5}", place.line);
  const std::string_view cut_left = from > 0 ? "..." : "";
  std::string text = fmt::format("{} | {}{}{}\n", number, cut_left, printable(line.substr(from, to - from)),
                                 to < length ? "..." : "");
  text += std::string(number.size(), ' ') + " | " + std::string(cut_left.size(), ' ');
  for (std::uint32_t i = from; i < begin; ++i) {
    if (!continues_character(line[i])) text += line[i] == '\t' ? '\t' : ' ';
  }
  text += palette.green;
  text += '^';
  for (std::uint32_t i = begin + 1; i < std::min(end, to); ++i) {
    if (!continues_character(line[i])) text += '~';
  }
  text += palette.reset;
  return text + "\n";
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, const SourceSet& sources, Colors colors) {
  const Palette& palette = colors == Colors::on ? kColored : kPlain;
  const bool placed = diagnostic.where.valid();
  std::string text =
      fmt::format("{}{}{}{}: {}{}{}{} [{}]\n", palette.bold,
                  placed ? printable(sources.describe(diagnostic.where)) + ": " : "",
                  color_of(diagnostic.severity, palette), to_string(diagnostic.severity), palette.reset,
                  palette.bold, printable(diagnostic.message), palette.reset, diagnostic.rule);
  if (placed) text += snippet(diagnostic.where, sources, palette);
  for (const Note& note : diagnostic.notes) {
    const std::string place = note.where.valid() ? printable(sources.describe(note.where)) + ": " : "";
    text += fmt::format("{}{}{}note:{} {}\n", palette.bold, place, palette.blue, palette.reset,
                        printable(note.text));
    if (note.where.valid()) text += snippet(note.where, sources, palette);
  }
  if (!diagnostic.help.empty()) {
    text += fmt::format("{}help:{} {}\n", palette.green, palette.reset, printable(diagnostic.help));
  }
  return text;
}

std::string render_text(const DiagnosticSink& diagnostics, const SourceSet& sources, Colors colors) {
  std::string text;
  for (const Diagnostic& one : diagnostics.all()) text += render_text(one, sources, colors);
  return text;
}

std::string summary(std::span<const Findings> sets) {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Findings& set : sets) {
    errors += set.diagnostics.count(Severity::error);
    warnings += set.diagnostics.count(Severity::warning);
  }
  std::string text;
  if (errors != 0) text = plural(errors, "error");
  if (warnings != 0) text += (text.empty() ? "" : " and ") + plural(warnings, "warning");
  return text;
}

std::string summary(const DiagnosticSink& diagnostics) {
  static const SourceSet kNoSources;
  const Findings all{diagnostics, kNoSources};
  return summary(std::span(&all, 1));
}

}  // namespace qvm::config
