// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/format/format.h"

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/format/format_layout.h"
#include "config/language/lexer.h"
#include "config/language/parser.h"
#include "config/lint/suppress.h"
#include "config/text/reader.h"

namespace qvm::config {
namespace {

constexpr const char* kName = "text";

// One text and no environment: a substitution stands for itself, so that words are what was written.
class VerbatimReader final : public Reader {
 public:
  explicit VerbatimReader(std::string_view text) : x_text(text) {}

  Result<std::string> read(std::string_view path, std::uint64_t) override {
    if (path != kName) return fail_errno("read", ENOENT);
    return std::string(x_text);
  }
  Result<std::string> read_head(std::string_view, std::uint64_t) override {
    return fail_errno("read", ENOENT);
  }
  Result<FileFacts> facts(std::string_view) override { return fail_errno("read", ENOENT); }
  std::optional<std::string> environment(std::string_view name) override {
    return "$env{" + std::string(name) + "}";
  }
  HostResources host() override { return {}; }

 private:
  std::string_view x_text;
};

void refuse(DiagnosticSink& sink, SourceId source, std::string message) {
  Diagnostic diagnostic;
  diagnostic.rule = "A22";
  diagnostic.where = {source, 0, 0};
  diagnostic.message = std::move(message);
  sink.add(std::move(diagnostic));
}

// The words and comments of a text, in order, and what each is.
class Tokens {
 public:
  Tokens(std::string_view text, const LexedText& lexed) : x_text(text) {
    auto comment = lexed.comments.begin();
    for (const Word& word : lexed.words) {
      for (; comment != lexed.comments.end() && comment->begin < word.where.begin; ++comment)
        add_comment(*comment);
      add(word.where);
    }
    for (; comment != lexed.comments.end(); ++comment) add_comment(*comment);
  }

  void describe(const SyntaxTree& tree) {
    for (std::size_t i = 0; i < x_tokens.size(); ++i) x_at.emplace(x_begins[i], i);
    for (std::size_t i = 0; i < tree.contexts.size(); ++i) x_opened.emplace(tree.contexts[i].opener, i);
    for (std::size_t i = 0; i < tree.items.size(); ++i) describe_item(tree, i);
    for (const UnknownWord& unknown : tree.unknown) {
      mark_unknown(unknown.word, unknown.within);
      for (const Word& word : unknown.rest) mark_unknown(word, unknown.within);
    }
    std::size_t item = tree.items.size();
    for (const Word& word : tree.nested_files) {
      if (FormatToken* token = find(word)) token->item = item++;
    }
    pin_lines();
  }

  const std::vector<FormatToken>& all() const { return x_tokens; }

  // As the first line of the text ends outside of words.
  std::string_view line_end() const { return x_crlf ? "\r\n" : "\n"; }

  // Of what follows the last token, too.
  void finish() { look_at_gap(x_text.size()); }

 private:
  void add_comment(const SourceRange& where) {
    add(where);
    FormatToken& token = x_tokens.back();
    token.comment = true;
    token.text = token.text.substr(0, token.text.find_last_not_of(" \t\r\v\f") + 1);
  }

  void add(const SourceRange& where) {
    const std::size_t line_ends = look_at_gap(where.begin);
    FormatToken token;
    token.text = x_text.substr(where.begin, where.end - where.begin);
    token.own_line = x_tokens.empty() || line_ends > 0;
    token.after_blank_line = !x_tokens.empty() && line_ends > 1;
    const std::size_t before =
        where.begin == 0 ? std::string_view::npos : x_text.rfind('\n', where.begin - 1);
    token.column =
        static_cast<std::uint32_t>(where.begin - (before == std::string_view::npos ? 0 : before + 1));
    x_tokens.push_back(token);
    x_begins.push_back(where.begin);
    x_end = where.end;
  }

  // Between the last token and offset: how many lines end.
  std::size_t look_at_gap(std::size_t offset) {
    std::size_t count = 0;
    for (std::size_t at = x_text.find('\n', x_end); at < offset; at = x_text.find('\n', at + 1)) {
      if (!std::exchange(x_line_end_known, true)) x_crlf = at > 0 && x_text[at - 1] == '\r';
      ++count;
    }
    return count;
  }

  FormatToken* find(const Word& word) {
    const auto found = x_at.find(word.where.begin);
    return found == x_at.end() ? nullptr : &x_tokens[found->second];
  }

  void describe_item(const SyntaxTree& tree, std::size_t index) {
    const ParsedOption& item = tree.items[index];
    FormatToken like;
    like.item = index;
    like.option = item.spec->name;
    const auto opened = x_opened.find(index);
    like.opener = opened != x_opened.end();
    like.context = like.opener ? opened->second : item.context;
    like.inner = !like.opener && item.context != 0;
    // A variable of the open context looks like an option of it.
    const bool names_variable =
        item.context == 0 && item.within != 0 && item.spec->keyed && !item.arguments.empty();
    if (names_variable &&
        tree.contexts[item.within].table->find_variable(item.arguments.front().text) != nullptr) {
      like.inner = true;
      like.context = item.within;
    }
    const Context::Kind kind = tree.contexts[like.context].kind;
    like.groups_all =
        kind == Context::Kind::cpu || kind == Context::Kind::reserve || kind == Context::Kind::pass;
    const auto mark = [&](const Word& word) {
      if (FormatToken* token = find(word)) {
        token->item = like.item;
        token->option = like.option;
        token->opener = like.opener;
        token->context = like.context;
        token->inner = like.inner;
        token->groups_all = like.groups_all;
      }
    };
    if (item.blob) mark(*item.blob);
    mark(item.word);
    for (const Word& word : item.arguments) mark(word);
    for (const Word& word : item.stray) mark(word);
  }

  void mark_unknown(const Word& word, std::size_t within) {
    if (FormatToken* token = find(word)) {
      token->context = within;
      token->inner = within != 0;
    }
  }

  void pin_lines() {
    bool next_is_pinned = false;
    for (std::size_t first = 0; first < x_tokens.size();) {
      std::size_t end = first + 1;
      while (end < x_tokens.size() && !x_tokens[end].own_line) ++end;
      bool pinned = false;
      bool has_words = false;
      bool suppresses = false;
      for (std::size_t i = first; i < end; ++i) {
        const FormatToken& token = x_tokens[i];
        has_words = has_words || !token.comment;
        pinned = pinned || (!token.comment && token.item == FormatToken::kNone);
        suppresses = suppresses || (token.comment && parse_suppression(token.text).has_value());
      }
      pinned = has_words && (pinned || suppresses || next_is_pinned);
      next_is_pinned = suppresses && !has_words ? true : next_is_pinned && !has_words;
      for (std::size_t i = first; i < end; ++i) x_tokens[i].pinned = pinned;
      first = end;
    }
  }

  std::string_view x_text;
  std::vector<FormatToken> x_tokens;
  std::vector<std::uint32_t> x_begins;
  std::unordered_map<std::uint32_t, std::size_t> x_at;    // where it begins, to the token
  std::unordered_map<std::size_t, std::size_t> x_opened;  // item to context
  std::size_t x_end = 0;
  bool x_line_end_known = false;
  bool x_crlf = false;
};

}  // namespace

std::optional<std::string> format(SourceId source, const SourceSet& sources, const TableSet& tables,
                                  DiagnosticSink& sink) {
  const std::string_view text = sources.text(source);
  if (text.size() > kMaximumFileBytes) {
    refuse(sink, source, "larger than " + std::to_string(kMaximumFileBytes) + " bytes");
    return std::nullopt;
  }
  if (text.find('\0') != std::string_view::npos) {
    refuse(sink, source, "not a text file");
    return std::nullopt;
  }
  VerbatimReader reader(text);
  DiagnosticSink found;
  const LexedText lexed = lex_text(source, sources, reader, found);
  bool certain = true;
  for (const Diagnostic& one : found.all()) {
    if (one.severity != Severity::error || (one.rule != "A04" && one.rule != "A22")) continue;
    sink.add(one);
    certain = false;
  }
  if (!certain) return std::nullopt;
  Tokens tokens(text, lexed);
  tokens.finish();
  SourceSet scratch;
  DiagnosticSink ignored;
  ParseInput input;
  input.words = {std::string("@") + kName};
  // Tokens name options of the tree.
  const SyntaxTree tree = parse(input, tables, reader, scratch, ignored);
  tokens.describe(tree);
  std::string result = lay_out(tokens.all(), tokens.line_end());
  if (result.size() > kMaximumFileBytes) {
    refuse(sink, source, "formatted, larger than " + std::to_string(kMaximumFileBytes) + " bytes");
    return std::nullopt;
  }
  return result;
}

}  // namespace qvm::config
