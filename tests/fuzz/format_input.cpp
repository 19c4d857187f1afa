// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "config/format/format.h"
#include "config/language/lexer.h"
#include "config/language/parser.h"
#include "tests/fuzz/targets.h"
#include "tests/support/config_text.h"

namespace qvm::fuzz {
namespace {

std::optional<std::string> formatted(const std::string& text) {
  config::SourceSet sources;
  config::DiagnosticSink sink;
  return config::format(sources.add("vm", text), sources, test::shipped_tables(), sink);
}

std::string without_trailing_blanks(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\v\f") + 1));
}

// Everything that the words of a text are, without their places.
class Meaning {
 public:
  explicit Meaning(const std::string& text) {
    x_reader.files["vm"] = text;
    x_reader.files["other"] = "vdev shmem loc";
    x_reader.variables["A"] = "64M";
    config::DiagnosticSink sink;
    config::ParseInput input;
    input.words = {"@vm"};
    x_tree = config::parse(input, test::shipped_tables(), x_reader, x_sources, sink);
    for (const config::Context& context : x_tree.contexts)
      note(fmt::format("context {} {} {}", static_cast<int>(context.kind), context.opener, context.label));
    for (const config::ParsedOption& item : x_tree.items) add(item);
    for (const config::UnknownWord& unknown : x_tree.unknown) {
      note(fmt::format("unknown {} {} {}", unknown.within, unknown.items_before, unknown.lone_blob));
      add(unknown.word);
      for (const config::Word& word : unknown.rest) add(word);
    }
    for (const config::Word& word : x_tree.nested_files) add(word);
    for (const config::SourceRange& comment : x_tree.comments)
      note(without_trailing_blanks(written(comment)));
  }

  const std::vector<std::string>& notes() const { return x_notes; }

 private:
  void note(std::string text) { x_notes.push_back(std::move(text)); }
  std::string_view written(const config::SourceRange& where) const {
    return x_sources.text(where.source).substr(where.begin, where.end - where.begin);
  }
  void add(const config::Word& word) {
    note(fmt::format("{} {} {}", word.text, word.quoted, written(word.where)));
  }
  void add(const config::ParsedOption& item) {
    note(fmt::format("{} in {} {} {} {}", item.spec->name, item.context, item.within, item.misspelled,
                     item.guessed));
    if (item.blob) add(*item.blob);
    add(item.word);
    for (const config::Word& word : item.arguments) add(word);
    for (const config::Word& word : item.stray) add(word);
    if (item.instead) add(*item.instead);
  }

  test::MemoryReader x_reader;
  config::SourceSet x_sources;
  config::SyntaxTree x_tree;
  std::vector<std::string> x_notes;
};

}  // namespace

std::string check_format_input(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto once = formatted(text);
  if (!once) return {};
  const std::vector<std::string> before = Meaning(text).notes();
  const std::vector<std::string> after = Meaning(*once).notes();
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    const std::string was = i < before.size() ? before[i] : "nothing";
    const std::string is = i < after.size() ? after[i] : "nothing";
    if (was != is) return fmt::format("'{}' has become '{}' in:\n{}", was, is, *once);
  }
  const auto twice = formatted(*once);
  if (!twice) return "what was formatted cannot be formatted:\n" + *once;
  if (*twice != *once) return fmt::format("formatting goes on:\n{}\nhas become\n{}", *once, *twice);
  return {};
}

}  // namespace qvm::fuzz
