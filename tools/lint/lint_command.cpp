// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/lint_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/render.h"
#include "config/rules/rule.h"
#include "config/suggest.h"
#include "qvm/base/install_paths.h"
#include "tools/lint/reference.h"
#include "tools/lint/rule_list.h"

namespace qvm::lint {
namespace {

struct Arguments {
  std::vector<std::string> words;
  std::vector<std::string> plugin_directories;
  std::string format = "text";
  std::string fail_on = "error";
  std::string color = "auto";
  std::string explain;
  std::string qnx_version;
  bool list_rules = false;
  bool list_options = false;
};

constexpr std::string_view kDescription =
    "Checks VM configurations before anything runs. Several files are checked as one set of VMs that run "
    "together.";

std::string examples(std::string_view program) {
  return fmt::format(
      "Examples:\n"
      "  Two VMs as one set:\n    {0} left.qvmconf right.qvmconf\n"
      "  A manifest with all its VMs:\n    {0} system.yaml\n"
      "  One VM, given as on qvm's command line:\n    {0} @vm.qvmconf @disks.qvmconf set exit-on-halt off\n"
      "  For programs (schemas/diagnostics.schema.json):\n    {0} --format json vm.qvmconf\n"
      "  What a rule is about:\n    {0} --explain B02\n\n"
      "Exit status: 0 clean, 1 errors (or warnings, with --fail-on warning), 2 bad usage, 3 a file could not "
      "be read.\n",
      program);
}

bool is_manifest(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

bool wants_colors(const Arguments& arguments, const std::ostream& out) {
  if (arguments.color != "auto") return arguments.color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

Result<config::TableSet> load_tables(const Arguments& arguments, std::ostream& err) {
  auto tables = config::TableSet::shipped();
  if (!tables) return tables;
  tables->select_version(
      config::parse_qnx_version(arguments.qnx_version).value_or(config::kDefaultQnxVersion));
  std::vector<Error> failures;
  const std::string own = InstallPaths::of_this_program().plugins;
  std::error_code ignored;
  if (std::filesystem::is_directory(own, ignored)) tables->add_directory(own, failures);
  for (const std::string& directory : arguments.plugin_directories)
    tables->add_directory(directory, failures);
  for (const Error& failure : failures) err << "warning: " << failure.message() << "\n";
  return tables;
}

int usage_error(std::ostream& err, std::string_view program, std::string_view message) {
  err << fmt::format("{0}: {1}\nTry '{0} --help'.\n", program, message);
  return kUsage;
}

int print_explanation(const Arguments& arguments, std::string_view program, std::ostream& out,
                      std::ostream& err) {
  if (const config::Rule* rule = config::find_rule(arguments.explain)) {
    out << explain(*rule);
    return kClean;
  }
  std::vector<std::string_view> ids;
  for (const config::Rule* rule : config::all_rules()) ids.push_back(rule->id);
  std::string message = fmt::format("no rule '{}'", arguments.explain);
  if (const auto near = config::suggest(arguments.explain, ids))
    message += fmt::format("; did you mean '{}'?", near->name);
  return usage_error(err, program, message + "; --list-rules shows all");
}

int list_options(const Arguments& arguments, std::string_view program, std::ostream& out, std::ostream& err) {
  const auto tables = load_tables(arguments, err);
  if (!tables) return usage_error(err, program, tables.error().message());
  if (arguments.format == "json") {
    out << reference_json(*tables);
    return kClean;
  }
  for (const ReferencePage& page : reference_pages(*tables)) out << page.text << "\n";
  return kClean;
}

config::LoadedSystem load(const Arguments& arguments, const config::TableSet& tables) {
  config::HostReader reader;
  reader.set_default("QVM_GUESTS", InstallPaths::of_this_program().guests);
  if (is_manifest(arguments.words.front()))
    return config::load_manifest(arguments.words.front(), tables, reader);
  std::vector<config::VmInput> inputs;
  if (arguments.words.front().starts_with('@')) {
    inputs.emplace_back().words = arguments.words;
  } else {
    for (const std::string& file : arguments.words) inputs.emplace_back().words = {"@" + file};
  }
  return config::load_vms(inputs, tables, reader);
}

int lint(const Arguments& arguments, std::string_view program, std::ostream& out, std::ostream& err) {
  if (arguments.words.empty()) return usage_error(err, program, "no configuration to check is named");
  for (const std::string& word : arguments.words) {
    if (is_manifest(word) && arguments.words.size() > 1 && !arguments.words.front().starts_with('@')) {
      return usage_error(err, program,
                         fmt::format("manifest '{}' is checked alone, with the VMs it names", word));
    }
  }
  const auto tables = load_tables(arguments, err);
  if (!tables) return usage_error(err, program, tables.error().message());
  const config::LoadedSystem system = load(arguments, *tables);
  if (arguments.format == "json") {
    out << config::render_json(system.diagnostics, system.sources);
  } else {
    const auto colors = wants_colors(arguments, out) ? config::Colors::on : config::Colors::off;
    out << config::render_text(system.diagnostics, system.sources, colors);
    const std::string sum = config::summary(system.diagnostics);
    if (!sum.empty()) out << sum << "\n";
  }
  if (system.unreadable) return kUnreadable;
  const bool warned =
      arguments.fail_on == "warning" && system.diagnostics.count(config::Severity::warning) != 0;
  return system.diagnostics.has_errors() || warned ? kErrors : kClean;
}

int parse_and_run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "qvm-lint";
  Arguments arguments;
  CLI::App app{std::string(kDescription), program};
  app.footer(examples(program));
  app.set_version_flag("--version", program + " " QVM_VERSION);
  app.add_option("file", arguments.words,
                 "Configurations (*.qvmconf), one manifest (*.yaml), or the words of one VM")
      ->type_name("FILE");
  app.add_option("--format", arguments.format, "How findings are printed: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.add_option("--fail-on", arguments.fail_on,
                 "Least severity that makes the exit status 1: error or warning")
      ->check(CLI::IsMember({"error", "warning"}))
      ->type_name("SEVERITY");
  app.add_option("--color", arguments.color, "Colors: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  app.add_option("--plugin-dir", arguments.plugin_directories,
                 "Directory with option tables (*.json) of further vdevs")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--qnx-version", arguments.qnx_version,
                 "Version of QNX whose language is meant: 7.0, 7.1 or 8.0 (the default)")
      ->check(CLI::IsMember({"7.0", "7.1", "8.0"}))
      ->type_name("VERSION");
  app.add_flag("--list-rules", arguments.list_rules, "List all rules");
  app.add_flag("--list-options", arguments.list_options,
               "Describe every option of the language, as Markdown or, with --format json, for programs");
  app.add_option("--explain", arguments.explain, "Explain a rule, with examples")->type_name("RULE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, out, err);
    return kClean;
  } catch (const CLI::ParseError& error) {
    return usage_error(err, program, error.what());
  }
  if (arguments.list_rules) {
    out << list_rules();
    return kClean;
  }
  if (arguments.list_options) return list_options(arguments, program, out, err);
  if (!arguments.explain.empty()) return print_explanation(arguments, program, out, err);
  return lint(arguments, program, out, err);
}

}  // namespace

int run_lint(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  try {
    return parse_and_run(argc, argv, out, err);
  } catch (const std::exception& error) {
    err << "qvm-lint: " << error.what() << "\n";
    return kUnreadable;
  }
}

}  // namespace qvm::lint
