// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/suggest.h"

#include <algorithm>
#include <string>
#include <utility>

namespace qvm::config {
namespace {

// Longer words are no misspelled option; keeps the table below small for hostile input.
constexpr std::size_t kLongestWord = 40;
// Shorter "also called" words resemble too much.
constexpr std::size_t kLongEnough = 5;

std::string lower(std::string_view word) {
  std::string result(word);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  const std::size_t longer = std::max(left.size(), right.size());
  if (longer - std::min(left.size(), right.size()) > limit) return limit + 1;
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replace = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return std::min(last[right.size()], limit + 1);
}

std::optional<Suggestion> suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  const std::string meant = lower(word);
  std::optional<Suggestion> best;
  for (const std::string_view candidate : candidates) {
    const std::size_t limit = std::max<std::size_t>(1, candidate.size() / 3);
    const std::size_t distance = edit_distance(meant, candidate, limit);
    // A word of two or three letters must keep most of them.
    if (distance > limit || distance >= std::min(meant.size(), candidate.size())) continue;
    if (!best || distance < best->distance) best = Suggestion{candidate, distance};
  }
  return best;
}

std::optional<Suggestion> suggest_option(std::string_view word,
                                         const std::vector<const OptionTable*>& tables) {
  const std::string meant = lower(word);
  std::vector<std::string_view> names;
  std::vector<std::pair<std::string_view, std::string_view>> mistakes;
  for (const OptionTable* table : tables) {
    for (const OptionSpec& option : table->options) {
      const auto& others = option.also_called;
      if (std::find(others.begin(), others.end(), meant) != others.end()) return Suggestion{option.name, 0};
      if (!option.unsupported.empty()) continue;
      names.push_back(option.name);
      for (const std::string& other : option.also_called) {
        if (other.size() >= kLongEnough) mistakes.push_back({other, option.name});
      }
    }
  }
  if (const auto near = suggest(word, names)) return near;
  std::vector<std::string_view> others;
  for (const auto& [other, name] : mistakes) others.push_back(other);
  const auto near = suggest(word, others);
  if (!near) return near;
  const auto found = std::find_if(mistakes.begin(), mistakes.end(),
                                  [&](const auto& one) { return one.first == near->name; });
  return Suggestion{found->second, near->distance};
}

}  // namespace qvm::config
