// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/suppress.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "config/language/suggest.h"
#include "config/rules/rule.h"

namespace qvm::config {
namespace {

constexpr std::string_view kRuleOfThis = "A25";
constexpr std::string_view kMark = "qvm-lint:";
constexpr std::string_view kLine = "ignore=";
constexpr std::string_view kFile = "ignore-file=";
constexpr std::string_view kBlanks = " \t";
constexpr std::uint32_t kWholeFile = 0;  // lines count from 1
// Nobody writes as many by hand; each costs far more than its bytes.
constexpr std::size_t kMaximumSuppressions = 1000;

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

// "(reason)" with nothing behind it.
std::string_view reason_in(std::string_view text) {
  skip_blanks(text);
  const std::size_t last = text.find_last_not_of(kBlanks);
  if (!text.starts_with('(') || text[last] != ')') return {};
  text = text.substr(1, last - 1);
  skip_blanks(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\v\f") == std::string_view::npos;
}

// The line that a comment is about: its own if there are words on it, else the next one that has some.
std::uint32_t line_meant(const SourceRange& comment, const SourceSet& sources) {
  const LineColumn place = sources.position(comment.source, comment.begin);
  if (!is_blank(sources.line(comment.source, place.line).substr(0, place.column - 1))) return place.line;
  const std::string_view text = sources.text(comment.source);
  std::uint32_t line = place.line;
  for (std::size_t at = text.find('\n', comment.end); at != std::string_view::npos;
       at = text.find('\n', at)) {
    ++line;
    ++at;
    std::string_view next = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
    next.remove_prefix(std::min(next.find_first_not_of(" \t\r\v\f"), next.size()));
    if (!next.empty() && next.front() != '#') return line;
  }
  return place.line;
}

// One rule named in one comment.
struct Entry {
  SourceRange where;  // of the rule's name
  std::string_view rule;
  std::uint32_t line = kWholeFile;
  bool used = false;
  std::optional<SourceRange> error;  // that it was meant to hide
};

class Suppressor {
 public:
  Suppressor(const SourceSet& sources, DiagnosticSink& diagnostics)
      : x_sources(sources), x_diagnostics(diagnostics) {}

  void read(const SourceRange& comment) {
    const std::string_view text =
        x_sources.text(comment.source).substr(comment.begin, comment.end - comment.begin);
    const auto suppression = parse_suppression(text);
    if (!suppression) return;
    // What a file says wrongly is told once, however many VMs read it.
    const bool first = x_read.insert(place(comment)).second;
    if (x_entries.size() + x_read.size() > kMaximumSuppressions) {
      if (first && std::exchange(x_full, true) == false) {
        report(Severity::warning, comment,
               fmt::format("more than {} suppressions; this one and the rest are not read",
                           kMaximumSuppressions),
               "repair what they hide");
      }
    } else if (!suppression->well_formed) {
      if (first) {
        report(Severity::warning, comment, "this comment for qvm-lint cannot be understood",
               "write '# qvm-lint: ignore=RULE (reason)'");
      }
    } else if (suppression->reason.empty()) {
      if (first) {
        report(Severity::warning, comment, "a suppression without a reason has no effect",
               "say why in parentheses: '# qvm-lint: ignore=RULE (reason)'");
      }
    } else {
      read_rules(*suppression, comment, first);
    }
  }

  void run() {
    if (!x_entries.empty()) {
      DiagnosticSink kept;
      for (const Diagnostic& finding : x_diagnostics.all()) {
        if (!hides(finding)) kept.add(finding);
      }
      x_diagnostics = std::move(kept);
    }
    report_useless();
    for (Diagnostic& finding : x_reports) x_diagnostics.add(std::move(finding));
  }

 private:
  using Key = std::tuple<SourceId, std::uint32_t, std::string_view>;
  using Place = std::pair<std::string_view, std::uint32_t>;

  Place place(const SourceRange& where) const { return {x_sources.name(where.source), where.begin}; }

  Diagnostic& report(Severity severity, const SourceRange& where, std::string message, std::string help) {
    Diagnostic& finding = x_reports.emplace_back();
    finding.severity = severity;
    finding.rule = kRuleOfThis;
    finding.where = where;
    finding.message = std::move(message);
    finding.help = std::move(help);
    return finding;
  }

  void read_rules(const Suppression& suppression, const SourceRange& comment, bool first) {
    const std::uint32_t line = suppression.whole_file ? kWholeFile : line_meant(comment, x_sources);
    for (const Suppression::RuleName& name : suppression.rules) {
      const auto begin = static_cast<std::uint32_t>(comment.begin + name.offset);
      const SourceRange where{comment.source, begin, begin + static_cast<std::uint32_t>(name.id.size())};
      if (find_rule(name.id) != nullptr) {
        x_index.emplace(Key{comment.source, line, name.id}, x_entries.size());
        x_entries.push_back({where, name.id, line, false, std::nullopt});
      } else if (first) {
        report_unknown(name.id, where);
      }
    }
  }

  bool hides(const Diagnostic& finding) {
    if (!finding.where.valid()) return false;
    const SourceRange& where = finding.where;
    const std::uint32_t last = std::max(where.begin, where.end == 0 ? 0 : where.end - 1);
    for (const std::uint32_t line : {x_sources.position(where.source, where.begin).line,
                                     x_sources.position(where.source, last).line, kWholeFile}) {
      const auto found = x_index.find(Key{where.source, line, finding.rule});
      if (found == x_index.end()) continue;
      Entry& entry = x_entries[found->second];
      if (finding.severity == Severity::error) {
        entry.error = where;
        return false;
      }
      entry.used = true;
      return true;
    }
    return false;
  }

  // A file that several VMs read is several sources; its comment is of use if it is in one of them.
  void report_useless() {
    std::set<Place> done;
    for (const Entry& entry : x_entries) {
      if (entry.used) done.insert(place(entry.where));
    }
    for (const Entry& entry : x_entries) {
      if (!entry.error || !done.insert(place(entry.where)).second) continue;
      report(Severity::warning, entry.where,
             fmt::format("an error of rule '{}' cannot be suppressed", entry.rule),
             "repair what it reports, and remove it here")
          .notes.push_back({*entry.error, "the error is here"});
    }
    for (const Entry& entry : x_entries) {
      if (!done.insert(place(entry.where)).second) continue;
      const std::string about =
          entry.line == kWholeFile ? std::string("this file") : fmt::format("line {}", entry.line);
      report(Severity::info, entry.where,
             fmt::format("rule '{}' has nothing to say about {}", entry.rule, about),
             "remove it here, unless it depends on the host");
    }
  }

  void report_unknown(std::string_view id, const SourceRange& where) {
    std::vector<std::string_view> ids;
    for (const Rule* rule : all_rules()) ids.push_back(rule->id);
    Diagnostic& told = report(Severity::warning, where, fmt::format("no rule '{}' to suppress", id),
                              "qvm-lint --list-rules shows all");
    if (const auto near = suggest(id, ids)) told.help = fmt::format("did you mean '{}'?", near->name);
  }

  const SourceSet& x_sources;
  DiagnosticSink& x_diagnostics;
  std::vector<Diagnostic> x_reports;
  std::vector<Entry> x_entries;
  std::map<Key, std::size_t> x_index;  // the first of equals counts
  std::set<Place> x_read;
  bool x_full = false;
};

std::vector<Suppression::RuleName> rules_in(std::string_view list, std::size_t offset) {
  std::vector<Suppression::RuleName> rules;
  while (true) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (end == 0) return {};
    rules.push_back({list.substr(0, end), offset});
    if (end == list.size()) return rules;
    list.remove_prefix(end + 1);
    offset += end + 1;
  }
}

}  // namespace

std::optional<Suppression> parse_suppression(std::string_view text) {
  std::string_view rest = text.substr(1);
  skip_blanks(rest);
  if (!rest.starts_with(kMark)) return std::nullopt;
  rest.remove_prefix(kMark.size());
  skip_blanks(rest);
  Suppression result;
  result.whole_file = rest.starts_with(kFile);
  if (!result.whole_file && !rest.starts_with(kLine)) return result;
  rest.remove_prefix(result.whole_file ? kFile.size() : kLine.size());
  const std::string_view list = rest.substr(0, rest.find_first_of(" \t("));
  result.rules = rules_in(list, text.size() - rest.size());
  result.well_formed = !result.rules.empty();
  result.reason = reason_in(rest.substr(list.size()));
  return result;
}

void apply_suppressions(std::span<const SourceRange> comments, const SourceSet& sources,
                        DiagnosticSink& diagnostics) {
  Suppressor suppressor(sources, diagnostics);
  for (const SourceRange& comment : comments) suppressor.read(comment);
  suppressor.run();
}

}  // namespace qvm::config
