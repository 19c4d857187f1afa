// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kOddCharacters;

namespace {

// What word processors and web pages make of plain characters.
struct Lookalike {
  std::string_view bytes;
  std::string_view name;
  std::string_view plain;
};
constexpr std::array kLookalikes = {
    Lookalike{"\u201c", "a typographic quote", "\""},
    Lookalike{"\u201d", "a typographic quote", "\""},
    Lookalike{"\u201e", "a typographic quote", "\""},
    Lookalike{"\u2018", "a typographic quote", "'"},
    Lookalike{"\u2019", "a typographic quote", "'"},
    Lookalike{"\uff1a", "a full-width colon", ":"},
    Lookalike{"\uff0c", "a full-width comma", ","},
    Lookalike{"\uff1d", "a full-width equals sign", "="},
    Lookalike{"\u2010", "a typographic hyphen", "-"},
    Lookalike{"\u2011", "a typographic hyphen", "-"},
    Lookalike{"\u2013", "a dash", "-"},
    Lookalike{"\u2014", "a dash", "-"},
    Lookalike{"\u00a0", "a no-break space", " "},
    Lookalike{"\u3000", "a full-width space", " "},
    Lookalike{"\u200b", "an invisible space", ""},
    Lookalike{"\ufeff", "an invisible space", ""},
};

bool is_plain(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// In quotes such characters may be meant.
void check_word(const Word& word, DiagnosticSink& sink) {
  if (word.quoted || word.on_command_line) return;
  const std::string_view text = word.text;
  const auto odd = std::find_if_not(text.begin(), text.end(), is_plain);
  if (odd == text.end()) return;
  for (std::size_t i = static_cast<std::size_t>(odd - text.begin()); i < text.size(); ++i) {
    const auto found = std::find_if(kLookalikes.begin(), kLookalikes.end(), [&](const Lookalike& one) {
      return text.substr(i).starts_with(one.bytes);
    });
    if (found == kLookalikes.end()) continue;
    const SourceRange where = word.part(i, i + found->bytes.size());
    Diagnostic diagnostic = finding(kOddCharacters, where, fmt::format("{} in '{}'", found->name, word.text));
    if (found->plain.empty()) {
      diagnostic.help = "remove it";
    } else {
      diagnostic.help =
          found->plain == " " ? "write an ordinary blank" : fmt::format("write {}", found->plain);
    }
    diagnostic.fix = Fix{where, std::string(found->plain)};
    sink.add(std::move(diagnostic));
    i += found->bytes.size() - 1;
  }
}

void check_line_ends(SourceId source, const SourceSet& sources, DiagnosticSink& sink) {
  const std::size_t at = sources.text(source).find("\r\n");
  if (at == std::string_view::npos) return;
  const auto begin = static_cast<std::uint32_t>(at);
  Diagnostic diagnostic = finding(kOddCharacters, {source, begin, begin + 1}, "line ends as on Windows",
                                  "save the file with plain line feeds");
  diagnostic.severity = Severity::info;
  sink.add(std::move(diagnostic));
}

void check_a15(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::set<SourceId> seen;
    for (const ParsedOption& item : vm.tree.items) {
      check_word(item.word, sink);
      for (const Word& word : item.arguments) check_word(word, sink);
      for (const Word& word : item.stray) check_word(word, sink);
      if (!item.word.on_command_line && seen.insert(item.word.where.source).second)
        check_line_ends(item.word.where.source, input.sources, sink);
    }
    for (const UnknownWord& unknown : vm.tree.unknown) {
      check_word(unknown.word, sink);
      for (const Word& word : unknown.rest) check_word(word, sink);
    }
  }
}

}  // namespace

const Rule kOddCharacters{.id = "A15",
                          .severity = Severity::warning,
                          .title = "characters that only look like the right ones",
                          .documentation =
                              "Text copied from web pages and word processors has curly quotes, full-width "
                              "colons, dashes and invisible "
                              "spaces, which are ordinary letters to the language. Line ends of Windows are "
                              "understood (an info), but "
                              "not everywhere.",
                          .wrong = {"system left\nram 64M\ncmdline \u201cquiet\u201d\n"},
                          .right = {"system left\nram 64M\ncmdline \"quiet\"\n"},
                          .check = check_a15};

}  // namespace qvm::config
