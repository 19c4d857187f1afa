// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/format/format_layout.h"

#include <algorithm>
#include <array>

namespace qvm::config {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kContinued = 8;  // the rest of an option that a comment has cut in two
constexpr std::size_t kWidth = 100;    // of a line that several options share
// Comments behind lines of this width or less are put below each other.
constexpr std::size_t kAligned = 60;
constexpr std::string_view kBeforeComment = "  ";

// Options of one vdev that stand on one line: where it is and how it calls.
constexpr std::array<std::string_view, 2> kPlace = {"loc", "intr"};

bool in_place(std::string_view option) {
  return std::find(kPlace.begin(), kPlace.end(), option) != kPlace.end();
}

// Whether the option may share a line with others of its context.
bool shares(const FormatToken& token) {
  return token.groups_all || in_place(token.option);
}

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Line {
  std::string text;
  std::string_view comment;  // behind the text, or alone
  bool after_blank_line = false;
};

class Layout {
 public:
  explicit Layout(const std::vector<FormatToken>& tokens) : x_tokens(tokens) {}

  std::vector<Line> run() {
    find_neighbours();
    find_compact_contexts();
    for (std::size_t i = 0; i < x_tokens.size(); ++i) {
      const FormatToken& token = x_tokens[i];
      if (i == 0 || breaks_before(i)) {
        x_lines.push_back({std::string(token.comment ? comment_indent(i) : indent(i), ' '), {}, false});
        x_lines.back().after_blank_line = token.after_blank_line;
        x_names.clear();
      } else if (!token.comment) {
        x_lines.back().text += ' ';
      }
      if (token.comment) {
        x_lines.back().comment = token.text;
      } else {
        x_lines.back().text += token.text;
        if (starts_item(i)) x_names.push_back(token.option);
      }
    }
    return std::move(x_lines);
  }

 private:
  bool starts_item(std::size_t i) const {
    const FormatToken& token = x_tokens[i];
    if (token.comment) return false;
    const std::size_t before = x_word_before[i];
    return token.item == FormatToken::kNone || before == FormatToken::kNone ||
           x_tokens[before].item != token.item;
  }

  // The nearest words around each token, so that runs of comments are not walked through again and again.
  void find_neighbours() {
    std::size_t nearest = FormatToken::kNone;
    for (std::size_t i = 0; i < x_tokens.size(); ++i) {
      x_word_before.push_back(nearest);
      if (!x_tokens[i].comment) nearest = i;
    }
    nearest = FormatToken::kNone;
    x_word_after.assign(x_tokens.size(), nearest);
    for (std::size_t i = x_tokens.size(); i-- > 0;) {
      x_word_after[i] = nearest;
      if (!x_tokens[i].comment) nearest = i;
    }
  }

  // The first token behind the words of the item that starts at i.
  std::size_t item_end(std::size_t i) const {
    std::size_t end = i + 1;
    while (end < x_tokens.size() && !x_tokens[end].comment && x_tokens[end].item == x_tokens[i].item) ++end;
    return end;
  }

  std::size_t width(std::size_t begin, std::size_t end) const {
    std::size_t result = end - begin - 1;
    for (std::size_t i = begin; i < end; ++i) result += x_tokens[i].text.size();
    return result;
  }

  bool breaks_before(std::size_t i) const {
    const FormatToken& token = x_tokens[i];
    const FormatToken& before = x_tokens[i - 1];
    if (before.comment) return true;
    if (token.comment) return token.own_line;
    if (token.pinned || before.pinned) return token.own_line || token.pinned != before.pinned;
    if (token.item == before.item) return false;
    if (!token.inner) return true;
    if (before.opener) return before.context != token.context || !is_compact(token.context);
    if (!before.inner || before.context != token.context) return true;
    if (!shares(token) || !shares(before) || contains(x_names, token.option)) return true;
    const std::string& text = x_lines.back().text;
    const std::size_t line = text.size() - (text.rfind('\n') + 1);
    return line + 1 + width(i, item_end(i)) > kWidth;
  }

  bool is_compact(std::size_t context) const { return context < x_compact.size() && x_compact[context]; }

  // Contexts that fit on the line of their opener: all their options follow it at once and share one line.
  void find_compact_contexts() {
    std::size_t highest = 0;
    for (const FormatToken& token : x_tokens) highest = std::max(highest, token.context);
    x_compact.assign(highest + 1, false);
    std::vector<bool> broken(highest + 1, false);
    for (std::size_t i = 0; i < x_tokens.size();) {
      if (x_tokens[i].comment || !x_tokens[i].opener) {
        // An option that comes later, behind something else: its context has more than one line.
        if (!x_tokens[i].comment && x_tokens[i].inner) broken[x_tokens[i].context] = true;
        ++i;
        continue;
      }
      const std::size_t context = x_tokens[i].context;
      std::size_t end = item_end(i);
      bool fits = true;
      std::size_t options = 0;
      std::vector<std::string_view> names;
      bool all_share = true;
      while (end < x_tokens.size() && !x_tokens[end].comment && x_tokens[end].inner &&
             x_tokens[end].context == context && x_tokens[end].item != FormatToken::kNone) {
        ++options;
        all_share = all_share && shares(x_tokens[end]) && !contains(names, x_tokens[end].option);
        names.push_back(x_tokens[end].option);
        end = item_end(end);
      }
      for (std::size_t at = i; at < end; ++at) {
        fits = fits && !x_tokens[at].pinned && x_tokens[at].text.find('\n') == std::string_view::npos;
      }
      x_compact[context] = options > 0 && fits && (options == 1 || all_share) && width(i, end) <= kWidth;
      i = end;
    }
    for (std::size_t context = 0; context <= highest; ++context)
      x_compact[context] = x_compact[context] && !broken[context];
  }

  std::size_t indent(std::size_t i) const {
    const FormatToken& token = x_tokens[i];
    if (!starts_item(i)) return kContinued;
    return token.inner ? kIndent : 0;
  }

  // A comment belongs to what follows, unless it was indented deeper: then to the context before it.
  std::size_t comment_indent(std::size_t i) const {
    const std::size_t next = x_word_after[i];
    const std::size_t before = x_word_before[i];
    const bool in_context =
        before != FormatToken::kNone && (x_tokens[before].inner || x_tokens[before].opener);
    const std::size_t wanted = next != FormatToken::kNone ? indent(next) : 0;
    const std::uint32_t column = next != FormatToken::kNone ? x_tokens[next].column : 0;
    return wanted == 0 && in_context && x_tokens[i].column > column ? kIndent : wanted;
  }

  const std::vector<FormatToken>& x_tokens;
  std::vector<Line> x_lines;
  std::vector<std::string_view> x_names;   // options on the current line
  std::vector<bool> x_compact;             // per context
  std::vector<std::size_t> x_word_before;  // per token
  std::vector<std::size_t> x_word_after;
};

// Characters, as far as they are one column wide each.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool takes_part(const Line& line) {
  return !line.comment.empty() && line.text.find_first_not_of(' ') != std::string::npos &&
         line.text.find('\n') == std::string::npos && columns(line.text) <= kAligned;
}

// Puts the comments of neighbouring lines below each other.
void align_comments(std::vector<Line>& lines) {
  for (std::size_t first = 0; first < lines.size();) {
    std::size_t end = first;
    std::size_t widest = 0;
    while (end < lines.size() && takes_part(lines[end]) && (end == first || !lines[end].after_blank_line))
      widest = std::max(widest, columns(lines[end++].text));
    for (std::size_t i = first; i < end; ++i) lines[i].text.append(widest - columns(lines[i].text), ' ');
    first = std::max(end, first + 1);
  }
}

}  // namespace

std::string lay_out(const std::vector<FormatToken>& tokens, std::string_view line_end) {
  std::vector<Line> lines = Layout(tokens).run();
  align_comments(lines);
  std::string result;
  for (const Line& line : lines) {
    if (line.after_blank_line) result += line_end;
    result += line.text;
    if (!line.comment.empty()) {
      if (line.text.find_first_not_of(' ') != std::string::npos) result += kBeforeComment;
      result += line.comment;
    } else if (line.text.ends_with('\\')) {
      // Directly before a line end it would join the lines.
      result += ' ';
    }
    result += line_end;
  }
  return result;
}

}  // namespace qvm::config
