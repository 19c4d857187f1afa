// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <string_view>

#include "config/language/option_table.h"
#include "qvm/cli/command.h"
#include "qvm/cli/exit_codes.h"
#include "tools/lint/mistyped.h"

namespace qvm::cli {

namespace {

constexpr const char* kDescription =
    "Runs QNX-Hypervisor-style virtual machines with shared memory on Linux.";

constexpr const char* kExamples =
    "Examples:\n"
    "  A set of VMs from a manifest, consoles on the terminal:\n    qvm up system.yaml\n"
    "  The same without a manifest, in the background:\n    qvm up --detach left.qvmconf right.qvmconf\n"
    "  One VM as QNX's qvm starts it:\n    qvm @guest.qvmconf set exit-on-halt off\n"
    "  What would be started:\n    qvm plan left.qvmconf\n\n"
    "'qvm COMMAND --help' tells more about a command.\n";

// A word of the configuration language, or a file of it: then the words are one VM's, as for QNX's qvm.
bool starts_single_vm(std::string_view word) {
  if (word.starts_with('@')) return true;
  const auto tables = config::TableSet::shipped();
  return tables && tables->vm().find(word) != nullptr;
}

class Parser {
 public:
  explicit Parser(Options& options) : x_options(options), x_app(kDescription, "qvm") {
    x_app.footer(kExamples);
    x_app.require_subcommand(1);
    for (const Command* command : all_commands()) {
      if (!command->name.empty()) add(*command);
    }
  }

  // word: where a command should be; empty if options come first.
  std::optional<Options> parse(std::string_view word, int argc, const char* const* argv, std::ostream& out,
                               std::ostream& err, int& status) {
    if (!word.empty() && std::find(x_names.begin(), x_names.end(), word) == x_names.end()) {
      err << "qvm: " << lint::describe_unknown_command(word, x_names) << "\nTry 'qvm --help'.\n";
      status = kUsage;
      return std::nullopt;
    }
    try {
      x_app.parse(argc, argv);
    } catch (const CLI::Success& success) {
      x_app.exit(success, out, err);
      status = kOk;
      return std::nullopt;
    } catch (const CLI::ParseError& error) {
      err << "qvm: " << lint::describe_parse_error(x_app, error) << "\nTry 'qvm --help'.\n";
      status = kUsage;
      return std::nullopt;
    }
    // One below another comes after it.
    for (const auto& [command, app] : x_apps) {
      if (app->parsed()) x_options.command = command;
    }
    return x_options;
  }

 private:
  // Its parent, if it has one, is there already: names are sorted.
  void add(const Command& command) {
    const std::size_t blank = command.name.find(' ');
    CLI::App& parent = blank == std::string_view::npos
                           ? x_app
                           : *x_app.get_subcommand(std::string(command.name.substr(0, blank)));
    CLI::App& app = *parent.add_subcommand(std::string(command.name.substr(blank + 1)), command.help);
    if (blank == std::string_view::npos) x_names.push_back(command.name);
    app.footer(std::string("Examples:\n") + command.examples);
    x_apps.emplace_back(&command, &app);
    if (command.declare != nullptr) command.declare(app, x_options);
  }

  Options& x_options;
  CLI::App x_app;
  std::vector<std::pair<const Command*, const CLI::App*>> x_apps;  // sorted by name
  std::vector<std::string_view> x_names;                           // of commands that are not another's
};

// qvm's own options stand before QNX's words: "qvm --accel tcg @guest.qvmconf cpu".
std::optional<Options> parse_single(int argc, const char* const* argv, int first, std::ostream& err,
                                    int& status) {
  Options options;
  options.command = find_command("");
  CLI::App app(kDescription, "qvm");
  options.command->declare(app, options);
  std::vector<std::string> own(argv + 1, argv + first);
  try {
    std::reverse(own.begin(), own.end());  // CLI11 takes a vector from its back
    app.parse(std::move(own));
  } catch (const CLI::ParseError& error) {
    err << "qvm: " << lint::describe_parse_error(app, error) << "\nTry 'qvm --help'.\n";
    status = kUsage;
    return std::nullopt;
  }
  options.words.assign(argv + first, argv + argc);
  return options;
}

// Index of the word that decides what is meant: the first that is neither one of qvm's options nor such an
// option's value.
int first_word(int argc, const char* const* argv) {
  int i = 1;
  while (i < argc && argv[i][0] == '-') {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") break;
    i += word.find('=') == std::string_view::npos ? 2 : 1;
  }
  return i;
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                     int& exit_status) {
  const int first = first_word(argc, argv);
  const std::string_view name = first < argc ? argv[first] : "";
  const Command* const command = name.empty() ? nullptr : find_command(name);
  if (command != nullptr && command->declare == nullptr) {
    Options own;
    own.command = command;
    own.words.assign(argv + first + 1, argv + argc);
    return own;
  }
  if (first < argc && starts_single_vm(argv[first])) return parse_single(argc, argv, first, err, exit_status);
  Options options;
  const bool command_first = first == 1 && !name.starts_with('-');
  return Parser(options).parse(command_first ? name : "", argc, argv, out, err, exit_status);
}

}  // namespace qvm::cli
