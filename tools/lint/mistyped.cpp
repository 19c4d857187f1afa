// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/mistyped.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/language/suggest.h"

namespace qvm::lint {
namespace {

// "--detach" and "-d" of an application.
void add_options(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
}

std::vector<std::string_view> views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

// The first word that looks like an option and is none.
std::string unknown_option(const CLI::App& app) {
  for (const std::string& word : app.remaining(true)) {
    if (word.size() > 1 && word.front() == '-') return word.substr(0, word.find('='));
  }
  return {};
}

}  // namespace

std::string describe_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::string word = unknown_option(app);
  if (word.empty()) return error.what();
  std::vector<std::string> names;
  add_options(app, names);
  for (const CLI::App* command : app.get_subcommands()) {
    add_options(*command, names);
    for (const CLI::App* below : command->get_subcommands()) add_options(*below, names);
  }
  if (std::find(names.begin(), names.end(), word) != names.end())
    return fmt::format("option '{}' stands behind the command that it belongs to", word);
  const auto meant = config::suggest(word, views(names));
  if (meant) return fmt::format("no option '{}': did you mean '{}'?", word, meant->name);
  return fmt::format("no option '{}'", word);
}

std::string describe_unknown_command(std::string_view word, const std::vector<std::string_view>& commands) {
  for (const std::string_view ending : {".qvmconf", ".yaml", ".yml"}) {
    if (word.ends_with(ending)) return fmt::format("no command '{0}': 'qvm up {0}' starts such a file", word);
  }
  const auto meant = config::suggest(word, commands);
  if (meant) return fmt::format("no command '{}': did you mean '{}'?", word, meant->name);
  return fmt::format("no command '{}'; the commands are {}", word, fmt::join(commands, ", "));
}

}  // namespace qvm::lint
