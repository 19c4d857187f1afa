// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/rule_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace qvm::lint {
namespace {

constexpr std::size_t kWidth = 80;

std::string wrapped(std::string_view text) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column != 0 && column + 1 + word.size() > kWidth) {
      result += '\n';
      column = 0;
    }
    if (column != 0) result += ' ';
    column += word.size() + (column != 0 ? 1 : 0);
    result += word;
  }
  return result + "\n";
}

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result += fmt::format("    {}\n", text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return result;
}

std::string example(std::string_view title, const config::RuleExample& example) {
  std::string result = fmt::format("\n{}:\n\n{}", title, indented(example.first));
  if (!example.second.empty()) result += fmt::format("\n  together with\n\n{}", indented(example.second));
  if (!example.manifest.empty())
    result += fmt::format("\n  in the manifest\n\n{}", indented(example.manifest));
  return result;
}

}  // namespace

std::string list_rules() {
  std::string result;
  for (const config::Rule* rule : config::all_rules()) {
    result += fmt::format("{:<5} {:<8} {}\n", rule->id, config::to_string(rule->severity), rule->title);
  }
  return result;
}

std::string explain(const config::Rule& rule) {
  return fmt::format("{} ({}): {}\n\n{}{}{}", rule.id, config::to_string(rule.severity), rule.title,
                     wrapped(rule.documentation), example("Wrong", rule.wrong), example("Right", rule.right));
}

}  // namespace qvm::lint
