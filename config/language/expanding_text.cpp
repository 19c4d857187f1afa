// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/expanding_text.h"

#include <utility>

#include "config/language/word.h"

namespace qvm::config {
namespace {

constexpr std::string_view kEnvironment = "$env{";
constexpr std::string_view kHostStart = "$asinfo_start{";
constexpr std::string_view kHostLength = "$asinfo_length{";
constexpr std::string_view kShellForm = "${";

}  // namespace

ExpandingText::ExpandingText(std::string_view text, SourceRange where, Places places, Reader& reader,
                             DiagnosticSink& sink)
    : x_text(text), x_where(where), x_places(places), x_reader(reader), x_sink(sink) {}

SourceRange ExpandingText::range(std::size_t begin, std::size_t end) const {
  if (x_places == Places::whole) return x_where;
  return {x_where.source, x_where.begin + static_cast<std::uint32_t>(begin),
          x_where.begin + static_cast<std::uint32_t>(end)};
}

std::optional<TextByte> ExpandingText::peek() {
  while (x_pending_offset >= x_pending.size()) {
    if (x_offset >= x_text.size()) return std::nullopt;
    if (x_text[x_offset] != '$') {
      return TextByte{x_text[x_offset], range(x_offset, x_offset + 1), false, false};
    }
    expand();
  }
  return TextByte{x_pending[x_pending_offset], x_pending_where,
                  x_pending_where.end - x_pending_where.begin > 1, x_pending_unresolved};
}

std::optional<TextByte> ExpandingText::next() {
  const auto byte = peek();
  if (!byte) return byte;
  if (x_pending_offset < x_pending.size()) {
    ++x_pending_offset;
  } else {
    ++x_offset;
  }
  return byte;
}

void ExpandingText::skip_line() {
  while (x_pending_offset < x_pending.size()) {
    if (x_pending[x_pending_offset++] == '\n') return;
  }
  const std::size_t end = x_text.find('\n', x_offset);
  x_offset = end == std::string_view::npos ? x_text.size() : end + 1;
}

void ExpandingText::set_pending(std::string text, std::size_t end, bool unresolved) {
  x_pending = std::move(text);
  x_pending_offset = 0;
  x_pending_where = range(x_offset, end);
  x_pending_unresolved = unresolved;
  x_offset = end;
}

void ExpandingText::report(Severity severity, std::string rule, SourceRange where, std::string message,
                           std::string help) {
  if (++x_problems > kMaximumProblems) {
    // Each takes a thousand times the room of the bytes it is about. An error, for what is not told may be
    // one.
    if (x_problems > kMaximumProblems + 1) return;
    severity = Severity::error;
    rule = "A22";
    message = "more than " + std::to_string(kMaximumProblems) +
              " substitutions cannot be done; the rest is not told";
    help = "repair those above first";
  }
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.rule = std::move(rule);
  diagnostic.where = where;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  x_sink.add(std::move(diagnostic));
}

void ExpandingText::replace_host_entry(std::string_view entry, std::size_t end) {
  const std::string written(x_text.substr(x_offset, end - x_offset));
  if (entry.find('/') != std::string_view::npos) {
    report(Severity::error, "A12", range(x_offset, end),
           "'" + written + "' names a path; only the last part of an entry's name is allowed",
           "write '" + written.substr(0, written.find('{') + 1) +
               std::string(entry.substr(entry.rfind('/') + 1)) + "}'");
  } else {
    report(Severity::error, "A12", range(x_offset, end),
           "'" + written + "' cannot be replaced: this host has no system page with an entry '" +
               std::string(entry) + "'",
           "write the number itself, or put it into an environment variable and write '$env{NAME}'");
  }
  set_pending(written, end, true);
}

// At x_offset is a '$'; leaves its replacement, or the '$' itself, in x_pending.
void ExpandingText::expand() {
  const std::string_view rest = x_text.substr(x_offset);
  for (const std::string_view form : {kEnvironment, kHostStart, kHostLength, kShellForm}) {
    if (!rest.starts_with(form)) continue;
    // A name ends on its line: a forgotten brace must not swallow the rest of the file.
    const std::size_t stop = rest.find_first_of("} \t\r\n\v\f\"", form.size());
    if (stop == std::string_view::npos || rest[stop] != '}') {
      std::size_t end = x_offset + (stop == std::string_view::npos ? rest.size() : stop);
      // A backslash there joins the next line; it is not the name's.
      if (end < x_text.size() && x_text[end - 1] == '\\' && (x_text[end] == '\n' || x_text[end] == '\r'))
        --end;
      report(Severity::error, "A12", range(x_offset, end),
             "'" + std::string(rest.substr(0, end - x_offset)) + "' has no closing '}'",
             "add a '}' after the name");
      set_pending(std::string(rest.substr(0, end - x_offset)), end, true);
      return;
    }
    const std::string_view name = rest.substr(form.size(), stop - form.size());
    const std::size_t end = x_offset + stop + 1;
    if (form == kShellForm) {
      report(Severity::warning, "A11", range(x_offset, end),
             "'${" + std::string(name) + "}' is not replaced by anything",
             "for the value of an environment variable write '$env{" + std::string(name) + "}'");
      set_pending(std::string(rest.substr(0, stop + 1)), end, true);
      return;
    }
    if (form != kEnvironment) {
      replace_host_entry(name, end);
      return;
    }
    if (auto value = x_reader.environment(name)) {
      set_pending(*std::move(value), end, false);
      return;
    }
    report(Severity::error, "A12", range(x_offset, end),
           "environment variable '" + std::string(name) + "' is not set",
           "set it before the start: " + (name.empty() ? std::string("NAME") : std::string(name)) +
               "=VALUE qvm …");
    set_pending(std::string(rest.substr(0, stop + 1)), end, true);
    return;
  }
  set_pending("$", x_offset + 1, false);
}

}  // namespace qvm::config
