// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "config/language/expanding_text.h"

namespace qvm::config {
namespace {

// A string longer than this is more likely to have lost its quote.
constexpr std::uint32_t kSuspiciousLines = 20;
// After so many lost quotes the rest of the text is given up, so that no input makes reading quadratic.
constexpr int kMaximumLostQuotes = 16;
constexpr std::size_t kUsualWord = 8;  // bytes with what follows; only a guess for memory
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(char value) {
  return value == ' ' || value == '\t' || value == '\r' || value == '\v' || value == '\f';
}
bool is_space(char value) {
  return is_blank(value) || value == '\n';
}

// Bytes that do not simply stand for themselves in a word.
constexpr std::array<bool, 256> special_bytes() {
  std::array<bool, 256> special{};
  for (const char c : {' ', '\t', '\r', '\v', '\f', '\n', '"', '\\', '#', '$'})
    special[static_cast<unsigned char>(c)] = true;
  return special;
}
constexpr std::array<bool, 256> kSpecial = special_bytes();
bool is_special(char value) {
  return kSpecial[static_cast<unsigned char>(value)];
}

// Collects one word's bytes and forgets the places again if they turn out to be the source's own.
class WordBuilder {
 public:
  void add(const TextByte& byte) { add(byte.value, byte.where, byte.unresolved); }
  void add(char value, SourceRange where, bool unresolved = false) {
    touch(where);
    x_word.unresolved = x_word.unresolved || unresolved;
    if (x_word.text.size() >= kMaximumWordBytes) {
      x_too_long = true;
      return;
    }
    x_word.text += value;
    x_word.bytes.push_back(where);
  }
  // A byte that belongs to the word but not to its text: a quote, a joined line end.
  void touch(SourceRange where) {
    if (!x_word.where.valid()) x_word.where = where;
    x_word.where.end = where.end;
  }
  void drop_trailing_blanks(std::size_t down_to) {
    while (x_word.text.size() > down_to && is_blank(x_word.text.back())) {
      x_word.text.pop_back();
      x_word.bytes.pop_back();
    }
  }
  void mark_quoted() { x_word.quoted = true; }
  std::size_t size() const { return x_word.text.size(); }
  const SourceRange& where() const { return x_word.where; }
  bool started() const { return x_word.where.valid(); }

  Word finish(DiagnosticSink& sink) {
    if (x_too_long) {
      Diagnostic diagnostic;
      diagnostic.rule = "A22";
      diagnostic.where = {x_word.where.source, x_word.where.begin, x_word.where.begin + 1};
      diagnostic.message = "word is longer than " + std::to_string(kMaximumWordBytes) + " bytes";
      sink.add(std::move(diagnostic));
      x_word.unresolved = true;
    }
    bool identical = x_word.where.end - x_word.where.begin == x_word.text.size();
    for (std::size_t i = 0; identical && i < x_word.bytes.size(); ++i) {
      identical =
          x_word.bytes[i].begin == x_word.where.begin + i && x_word.bytes[i].end == x_word.bytes[i].begin + 1;
    }
    if (identical) x_word.bytes.clear();
    return std::exchange(x_word, Word{});
  }

 private:
  Word x_word;
  bool x_too_long = false;
};

class Lexer {
 public:
  Lexer(SourceId source, const SourceSet& sources, Reader& reader, DiagnosticSink& sink)
      : x_source(source), x_sources(sources), x_reader(reader), x_sink(sink), x_text(sources.text(source)) {
    if (x_text.starts_with(kByteOrderMark)) x_first = static_cast<std::uint32_t>(kByteOrderMark.size());
    restart(x_first);
  }

  LexedText run() {
    LexedText result;
    std::vector<Word>& words = result.words;
    words.reserve(std::min(kMaximumWords, x_text.size() / kUsualWord));
    while (skip_between_words()) {
      if (!read_plain_word(words)) words.push_back(read_word());
      if (words.size() < kMaximumWords) continue;
      Diagnostic diagnostic;
      diagnostic.rule = "A22";
      diagnostic.where = words.back().where;
      diagnostic.message = "more than " + std::to_string(kMaximumWords) + " words; the rest is not read";
      x_found.add(std::move(diagnostic));
      break;
    }
    for (const Diagnostic& one : x_found.all()) x_sink.add(one);
    result.comments = std::move(x_comments);
    return result;
  }

 private:
  // Reads on from offset; what was found there already is found again.
  void restart(std::uint32_t offset) {
    DiagnosticSink kept;
    for (const Diagnostic& one : x_found.all()) {
      if (one.where.begin < offset) kept.add(one);
    }
    x_found = std::move(kept);
    std::erase_if(x_comments, [offset](const SourceRange& comment) { return comment.begin >= offset; });
    const SourceRange rest{x_source, offset, static_cast<std::uint32_t>(x_text.size())};
    x_input.emplace(x_text.substr(offset), rest, ExpandingText::Places::exact, x_reader, x_found);
  }

  // False at the end of the text.
  bool skip_between_words() {
    while (true) {
      x_input->skip_plain(is_space);
      if (const auto ahead = x_input->plain(); !ahead.empty() && !is_special(ahead.front())) return true;
      const auto byte = x_input->peek();
      if (!byte) return false;
      if (byte->value == '#') {
        if (!byte->substituted) note_comment(byte->where.begin);
        x_input->skip_line();
      } else if (is_space(byte->value)) {
        x_input->next();
      } else if (byte->value != '\\' || !join_line()) {
        return true;
      }
    }
  }

  void note_comment(std::uint32_t begin) {
    std::size_t end = std::min(x_text.find('\n', begin), x_text.size());
    if (x_text[end - 1] == '\r') --end;
    x_comments.push_back({x_source, begin, static_cast<std::uint32_t>(end)});
  }

  // Nearly every word is the source's bytes up to the next blank: no need to look at each of them twice.
  bool read_plain_word(std::vector<Word>& words) {
    if (x_held) return false;
    const std::string_view ahead = x_input->plain();
    std::size_t length = 0;
    while (length < ahead.size() && !is_special(ahead[length])) ++length;
    if (length == 0 || length > kMaximumWordBytes || (length < ahead.size() && !is_space(ahead[length])))
      return false;
    Word& word = words.emplace_back();
    word.text = ahead.substr(0, length);
    word.where = x_input->skip(length);
    return true;
  }

  std::optional<TextByte> next() {
    if (x_held) return std::exchange(x_held, std::nullopt);
    return x_input->next();
  }

  std::optional<TextByte> peek() {
    if (x_held) return x_held;
    return x_input->peek();
  }

  // At a backslash: consumes it and a line end that follows at once. Otherwise the backslash is held back as
  // an ordinary byte.
  bool join_line() {
    const auto backslash = next();
    auto after = x_input->peek();
    if (after && after->value == '\r') {
      // Only a complete CR LF joins; a lone CR is a blank like any other.
      const std::size_t end = after->where.end;
      if (!after->substituted && end < x_text.size() && x_text[end] == '\n') {
        x_input->next();
        after = x_input->peek();
      }
    }
    if (after && after->value == '\n') {
      x_joined = {x_source, backslash->where.begin, after->where.end};
      x_input->next();
      return true;
    }
    x_held = backslash;
    return false;
  }

  Word read_word() {
    WordBuilder word;
    bool has_hash = false;
    while (const auto byte = peek()) {
      if (is_space(byte->value)) break;
      if (byte->value == '\\' && !x_held) {
        if (join_line()) continue;
      } else if (byte->value == '"') {
        read_quoted(word);
        continue;
      } else if (byte->value == '#' && word.started() && !std::exchange(has_hash, true)) {
        report_hash(byte->where);
      }
      word.add(*next());
    }
    return word.finish(x_found);
  }

  void report_hash(SourceRange where) {
    Diagnostic diagnostic;
    diagnostic.severity = Severity::warning;
    diagnostic.rule = "A21";
    diagnostic.where = where;
    diagnostic.message = "'#' inside a word does not start a comment here";
    diagnostic.help = "put a blank before '#' for a comment, or the word into quotes";
    diagnostic.fix = Fix{{where.source, where.begin, where.begin}, " "};
    x_found.add(std::move(diagnostic));
  }

  void read_quoted(WordBuilder& word) {
    const TextByte opening = *next();
    word.touch(opening.where);
    word.mark_quoted();
    const std::size_t content = word.size();
    // Where to go on if the closing quote never comes: as if the line had ended the string.
    WordBuilder first_line;
    std::optional<std::uint32_t> line_end;
    while (const auto byte = peek()) {
      if (byte->value == '"') {
        word.touch(next()->where);
        check_span(opening.where, word.where());
        return;
      }
      if (byte->value == '\n') {
        if (!line_end && !byte->substituted) {
          first_line = word;
          line_end = byte->where.begin;
        }
        fold_line(word, content);
        continue;
      }
      if (byte->value == '\\' && !x_held) {
        if (join_line()) {
          word.touch(x_joined);
          continue;
        }
        const auto after = x_input->peek();
        if (after && after->value == '"') {
          const SourceRange backslash = next()->where;
          const TextByte quote = *next();
          word.add('"', {x_source, backslash.begin, quote.where.end});
          continue;
        }
      }
      word.add(*next());
    }
    report_unterminated(opening.where);
    if (!line_end) return;
    first_line.drop_trailing_blanks(content);
    word = first_line;
    restart(++x_lost_quotes < kMaximumLostQuotes ? *line_end : static_cast<std::uint32_t>(x_text.size()));
  }

  // A line end in a string, with the blanks around it, stands for one blank.
  void fold_line(WordBuilder& word, std::size_t content) {
    word.drop_trailing_blanks(content);
    SourceRange where = peek()->where;
    for (auto byte = peek(); byte && is_space(byte->value); byte = peek()) where.end = next()->where.end;
    if (word.size() > content) {
      word.add(' ', where);
    } else {
      word.touch(where);
    }
  }

  void check_span(const SourceRange& opening, const SourceRange& whole) {
    const std::uint32_t first = x_sources.position(x_source, opening.begin).line;
    const std::uint32_t last = x_sources.position(x_source, whole.end).line;
    if (last != first) x_last_multi_line = SourceRange{x_source, opening.begin, whole.end};
    if (last - first <= kSuspiciousLines) return;
    Diagnostic diagnostic;
    diagnostic.severity = Severity::warning;
    diagnostic.rule = "A04";
    diagnostic.where = opening;
    diagnostic.message = "string goes on for " + std::to_string(last - first + 1) + " lines";
    diagnostic.notes.push_back({{x_source, whole.end - 1, whole.end}, "it ends here"});
    diagnostic.help = "if a closing quote is missing, add it; otherwise leave it as it is";
    x_found.add(std::move(diagnostic));
  }

  void report_unterminated(const SourceRange& opening) {
    Diagnostic diagnostic;
    diagnostic.rule = "A04";
    diagnostic.where = opening;
    diagnostic.message = "quote is never closed";
    diagnostic.help = "add the closing '\"'";
    if (x_last_multi_line.valid()) {
      diagnostic.notes.push_back(
          {{x_source, x_last_multi_line.begin, x_last_multi_line.begin + 1},
           "this string goes on over several lines; maybe its own closing quote is missing"});
    }
    x_found.add(std::move(diagnostic));
  }

  SourceId x_source;
  const SourceSet& x_sources;
  Reader& x_reader;
  DiagnosticSink& x_sink;
  DiagnosticSink x_found;
  std::string_view x_text;
  std::uint32_t x_first = 0;
  std::optional<ExpandingText> x_input;
  std::optional<TextByte> x_held;  // a backslash that turned out to be one
  SourceRange x_joined;
  std::vector<SourceRange> x_comments;
  int x_lost_quotes = 0;
  SourceRange x_last_multi_line;
};

}  // namespace

LexedText lex_text(SourceId source, const SourceSet& sources, Reader& reader, DiagnosticSink& sink) {
  return Lexer(source, sources, reader, sink).run();
}

std::vector<Word> lex(SourceId source, const SourceSet& sources, Reader& reader, DiagnosticSink& sink) {
  return lex_text(source, sources, reader, sink).words;
}

Word lex_single(std::string_view text, SourceRange where, bool exact, Reader& reader, DiagnosticSink& sink) {
  ExpandingText input(text, where, exact ? ExpandingText::Places::exact : ExpandingText::Places::whole,
                      reader, sink);
  WordBuilder builder;
  builder.touch(where);
  while (const auto byte = input.next()) builder.add(*byte);
  Word word = builder.finish(sink);
  word.where = where;
  word.on_command_line = true;
  return word;
}

}  // namespace qvm::config
