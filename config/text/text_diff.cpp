// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qvm::config {
namespace {

constexpr std::size_t kAround = 3;
// Lines that may differ before the search for what is common is given up; memory grows with its square.
constexpr std::ptrdiff_t kMostDifferences = 1000;

using Lines = std::vector<std::string_view>;

// Each with its line end, so that a missing one at the end is a difference.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// A line of the result: kept (both), removed (before only) or added (after only).
struct Edit {
  char kind = ' ';
  std::string_view line;
};

// The shortest way from one text to the other (E. Myers, "An O(ND) difference algorithm", 1986): after d
// differences, furthest[k] is the line of `before` that can be reached on diagonal k.
class Comparison {
 public:
  Comparison(const Lines& before, const Lines& after) : x_before(before), x_after(after) {}

  std::vector<Edit> run() {
    std::size_t head = 0;
    const std::size_t shorter = std::min(x_before.size(), x_after.size());
    while (head < shorter && x_before[head] == x_after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head &&
           x_before[x_before.size() - 1 - tail] == x_after[x_after.size() - 1 - tail]) {
      ++tail;
    }
    x_first = head;
    x_rows = static_cast<std::ptrdiff_t>(x_before.size() - head - tail);
    x_columns = static_cast<std::ptrdiff_t>(x_after.size() - head - tail);
    for (std::size_t i = 0; i < head; ++i) x_edits.push_back({' ', x_before[i]});
    if (search()) {
      walk_back();
    } else {
      for (std::ptrdiff_t i = 0; i < x_rows; ++i) x_edits.push_back({'-', row(i)});
      for (std::ptrdiff_t i = 0; i < x_columns; ++i) x_edits.push_back({'+', column(i)});
    }
    for (std::size_t i = x_before.size() - tail; i < x_before.size(); ++i)
      x_edits.push_back({' ', x_before[i]});
    return std::move(x_edits);
  }

 private:
  std::string_view row(std::ptrdiff_t i) const { return x_before[x_first + static_cast<std::size_t>(i)]; }
  std::string_view column(std::ptrdiff_t i) const { return x_after[x_first + static_cast<std::size_t>(i)]; }

  // The furthest line on diagonal k with d differences, from the diagonals beside it with one less.
  // `furthest` has the diagonals -d-1 … d+1, so that both neighbours exist.
  struct Step {
    bool added = false;
    std::ptrdiff_t from = 0;  // line of `before` that the difference starts at
  };
  static Step step(const std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t d, std::ptrdiff_t k) {
    const std::ptrdiff_t left = furthest[static_cast<std::size_t>(k - 1 + d + 1)];
    const std::ptrdiff_t right = furthest[static_cast<std::size_t>(k + 1 + d + 1)];
    const bool added = k == -d || (k != d && left < right);
    return {added, added ? right : left};
  }

  bool search() {
    for (std::ptrdiff_t d = 0; d <= std::min(kMostDifferences, x_rows + x_columns); ++d) {
      std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * d + 5), 0);
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = 0;
        if (d > 0) {
          const Step from = step(x_steps.back(), d, k);
          x = from.added ? from.from : from.from + 1;
        }
        while (x < x_rows && x - k < x_columns && row(x) == column(x - k)) ++x;
        furthest[static_cast<std::size_t>(k + d + 2)] = x;
        if (x >= x_rows && x - k >= x_columns) {
          x_steps.push_back(std::move(furthest));
          return true;
        }
      }
      x_steps.push_back(std::move(furthest));
    }
    return false;
  }

  void walk_back() {
    std::vector<Edit> reversed;
    std::ptrdiff_t x = x_rows;
    std::ptrdiff_t y = x_columns;
    const auto keep_down_to = [&](std::ptrdiff_t start) {
      while (x > start) {
        reversed.push_back({' ', row(--x)});
        --y;
      }
    };
    for (auto d = static_cast<std::ptrdiff_t>(x_steps.size()) - 1; d > 0; --d) {
      const Step from = step(x_steps[static_cast<std::size_t>(d - 1)], d, x - y);
      keep_down_to(from.added ? from.from : from.from + 1);
      reversed.push_back(from.added ? Edit{'+', column(--y)} : Edit{'-', row(--x)});
    }
    keep_down_to(0);
    x_edits.insert(x_edits.end(), reversed.rbegin(), reversed.rend());
  }

  const Lines& x_before;
  const Lines& x_after;
  std::size_t x_first = 0;
  std::ptrdiff_t x_rows = 0;
  std::ptrdiff_t x_columns = 0;
  std::vector<std::vector<std::ptrdiff_t>> x_steps;
  std::vector<Edit> x_edits;
};

// "12,3" as `diff -u` writes it: where and how many; one line is the usual case, none stands before the line.
std::string span_of(std::size_t first, std::size_t count) {
  if (count == 1) return fmt::format("{}", first + 1);
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after) return {};
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  const std::vector<Edit> edits = Comparison(old_lines, new_lines).run();
  std::string text = fmt::format("--- {0}\n+++ {0}\n", name);
  std::size_t old_line = 0;
  std::size_t new_line = 0;
  for (std::size_t i = 0; i < edits.size();) {
    if (edits[i].kind == ' ') {
      ++i;
      ++old_line;
      ++new_line;
      continue;
    }
    // A hunk goes on as long as at most twice the surrounding lies between its changes.
    const std::size_t begin = i - std::min(i, kAround);
    std::size_t last = i;
    for (std::size_t next = i; next < edits.size() && next - last <= 2 * kAround + 1; ++next) {
      if (edits[next].kind != ' ') last = next;
    }
    const std::size_t end = std::min(last + 1 + kAround, edits.size());
    const std::size_t old_first = old_line - (i - begin);
    const std::size_t new_first = new_line - (i - begin);
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    std::string body;
    for (std::size_t at = begin; at < end; ++at) {
      old_count += edits[at].kind != '+' ? 1 : 0;
      new_count += edits[at].kind != '-' ? 1 : 0;
      body += edits[at].kind;
      body += edits[at].line;
      if (!edits[at].line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    text +=
        fmt::format("@@ -{} +{} @@\n{}", span_of(old_first, old_count), span_of(new_first, new_count), body);
    old_line = old_first + old_count;
    new_line = new_first + new_count;
    i = end;
  }
  return text;
}

}  // namespace qvm::config
