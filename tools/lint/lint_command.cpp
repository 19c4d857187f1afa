// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/lint_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "config/fix.h"
#include "config/language/suggest.h"
#include "config/lint/render.h"
#include "config/load.h"
#include "config/rules/rule.h"
#include "config/text/overlay_reader.h"
#include "config/text/text_diff.h"
#include "qvm/base/install_paths.h"
#include "tools/lint/command_support.h"
#include "tools/lint/inputs.h"
#include "tools/lint/mistyped.h"
#include "tools/lint/reference.h"
#include "tools/lint/replace_file.h"
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
  std::string stdin_name = "<stdin>";
  bool list_rules = false;
  bool list_options = false;
  bool separate = false;
  bool fix = false;
  bool diff = false;

  bool reads_standard_input() const {
    return std::find(words.begin(), words.end(), kStandardInput) != words.end();
  }
};

constexpr std::string_view kDescription =
    "Checks VM configurations before anything runs. Several files are checked as one set of VMs that run "
    "together; a manifest is a set of its own, and so is each *.qvmconf below a directory.";

std::string examples(std::string_view program) {
  return fmt::format(
      "Examples:\n"
      "  Two VMs as one set:\n    {0} left.qvmconf right.qvmconf\n"
      "  A manifest with all its VMs:\n    {0} system.yaml\n"
      "  One VM, given as on qvm's command line:\n    {0} @vm.qvmconf @disks.qvmconf set exit-on-halt off\n"
      "  All configurations of a tree, each for itself:\n    {0} machines/\n"
      "  Repair what can be repaired safely, after a look at it:\n    {0} --diff vm.qvmconf\n    {0} --fix "
      "vm.qvmconf\n"
      "  What an editor has not saved yet:\n    {0} --stdin-name vm.qvmconf - < buffer\n"
      "  For code scanning services, and as annotations in GitHub Actions:\n    {0} --format sarif "
      "vm.qvmconf > vm.sarif\n    {0} --format github vm.qvmconf\n"
      "  What a rule is about:\n    {0} --explain B02\n\n"
      "Exit status: 0 clean, 1 errors (or warnings, with --fail-on warning), 2 bad usage, 3 the work could "
      "not be done:\na file could not be read or written.\n",
      program);
}

bool wants_colors(const Arguments& arguments, const std::ostream& out) {
  if (arguments.color != "auto") return arguments.color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
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

Result<config::TableSet> tables_for(const Arguments& arguments, std::vector<std::string>& failures) {
  auto tables = load_tables(arguments.plugin_directories, failures);
  if (tables) {
    tables->select_version(
        config::parse_qnx_version(arguments.qnx_version).value_or(config::kDefaultQnxVersion));
  }
  return tables;
}

int list_options(const Arguments& arguments, std::string_view program, std::ostream& out, std::ostream& err) {
  std::vector<std::string> failures;
  const auto tables = tables_for(arguments, failures);
  if (!tables) failures.push_back(tables.error().message());
  for (const std::string& failure : failures) err << fmt::format("{}: {}\n", program, failure);
  if (!tables) return kUnreadable;
  if (arguments.format == "json") {
    out << reference_json(*tables);
  } else {
    for (const ReferencePage& page : reference_pages(*tables)) out << page.text << "\n";
  }
  return failures.empty() ? kClean : kUnreadable;
}

std::string check_usage(const Arguments& arguments) {
  if (arguments.words.empty()) return "no configuration to check is named";
  const bool one_vm = arguments.words.front().starts_with('@');
  const auto inputs = std::count(arguments.words.begin(), arguments.words.end(), kStandardInput);
  if (!one_vm && inputs > 1) return "'-' is standard input, which can be read only once";
  if (!one_vm && inputs == 1 && arguments.fix && !arguments.diff)
    return "standard input cannot be repaired in its place; use --diff";
  return {};
}

class LintRun {
 public:
  LintRun(const Arguments& arguments, std::string_view program, std::istream& in, std::ostream& out,
          std::ostream& err)
      : x_arguments(arguments), x_program(program), x_in(in), x_out(out), x_err(err), x_reader(x_host) {}

  int run() {
    const auto tables = tables_for(x_arguments, x_failures);
    if (!tables) {
      complain(tables.error().message());
      return kUnreadable;
    }
    x_host.set_default("QVM_GUESTS", InstallPaths::of_this_program().guests);
    if (x_arguments.reads_standard_input())
      x_reader.put(x_arguments.stdin_name, read_stream(x_in, x_failures));
    const Inputs inputs =
        find_inputs(x_arguments.words, x_arguments.separate ? Grouping::separate : Grouping::together,
                    x_arguments.stdin_name);
    x_failures.insert(x_failures.end(), inputs.failures.begin(), inputs.failures.end());
    config::FixSession session(x_reader);
    for (const InputSet& set : inputs.sets) {
      const auto load = [&](config::Reader& reader) { return set.load(*tables, reader); };
      x_systems.push_back(x_arguments.fix || x_arguments.diff ? session.fix(load) : load(x_reader));
    }
    if (x_arguments.diff) {
      show(session);
    } else {
      if (x_arguments.fix) write(session);
      report();
    }
    for (const std::string& failure : x_failures) complain(failure);
    return status();
  }

 private:
  void complain(std::string_view message) { x_err << fmt::format("{}: {}\n", x_program, message); }

  void show(const config::FixSession& session) {
    const auto files = session.files();
    for (const config::FixedFile& file : files)
      x_out << config::unified_diff(file.path, file.before, file.after);
    tell("would fix", session, files.size());
  }

  void write(const config::FixSession& session) {
    std::size_t written = 0;
    for (const config::FixedFile& file : session.files()) {
      if (auto replaced = replace_file(file.path, file.after)) {
        ++written;
      } else {
        x_failures.push_back("cannot " + replaced.error().message());
      }
    }
    tell("fixed", session, written);
  }

  void tell(std::string_view what, const config::FixSession& session, std::size_t files) {
    const auto plural = [](std::size_t count) { return count == 1 ? "" : "s"; };
    complain(fmt::format("{} {} problem{} in {} file{}; {} suggestion{} left", what, session.applied(),
                         plural(session.applied()), files, plural(files), session.left(),
                         plural(session.left())));
  }

  // A file that is part of several sets, or of several VMs, is complained about once.
  std::vector<config::DiagnosticSink> without_repetitions() const {
    std::set<std::string> told;
    std::vector<config::DiagnosticSink> result;
    for (const config::LoadedSystem& system : x_systems) {
      config::DiagnosticSink& sink = result.emplace_back();
      for (const config::Diagnostic& one : system.diagnostics.all()) {
        const std::string_view path = one.where.valid() ? system.sources.name(one.where.source) : "";
        const std::string key =
            fmt::format("{}\n{} {} {} {}", path, one.where.begin, one.where.end, one.rule, one.message);
        if (told.insert(key).second) sink.add(one);
      }
    }
    return result;
  }

  void report() {
    const std::vector<config::DiagnosticSink> findings = without_repetitions();
    std::vector<config::Findings> sets;
    for (std::size_t i = 0; i < findings.size(); ++i) sets.push_back({findings[i], x_systems[i].sources});
    if (x_arguments.format == "json") {
      x_out << config::render_json(sets);
    } else if (x_arguments.format == "sarif") {
      x_out << config::render_sarif(sets, QVM_VERSION, x_failures.empty() && !unreadable());
    } else if (x_arguments.format == "github") {
      x_out << config::render_github(sets);
    } else {
      const auto colors = wants_colors(x_arguments, x_out) ? config::Colors::on : config::Colors::off;
      for (const config::Findings& set : sets)
        x_out << config::render_text(set.diagnostics, set.sources, colors);
      const std::string sum = config::summary(sets);
      if (!sum.empty()) x_out << sum << "\n";
    }
  }

  bool unreadable() const {
    return std::any_of(x_systems.begin(), x_systems.end(),
                       [](const config::LoadedSystem& system) { return system.unreadable; });
  }

  int status() const {
    if (unreadable() || !x_failures.empty()) return kUnreadable;
    const bool wrong =
        std::any_of(x_systems.begin(), x_systems.end(), [&](const config::LoadedSystem& system) {
          return system.diagnostics.has_errors() ||
                 (x_arguments.fail_on == "warning" &&
                  system.diagnostics.count(config::Severity::warning) != 0);
        });
    return wrong ? kErrors : kClean;
  }

  const Arguments& x_arguments;
  std::string_view x_program;
  std::istream& x_in;
  std::ostream& x_out;
  std::ostream& x_err;
  config::HostReader x_host;
  config::OverlayReader x_reader;
  std::vector<config::LoadedSystem> x_systems;
  std::vector<std::string> x_failures;
};

void add_options(CLI::App& app, Arguments& arguments, std::string_view program) {
  app.footer(examples(program));
  app.set_version_flag("--version", std::string(program) + " " QVM_VERSION);
  app.add_option(
         "file", arguments.words,
         "Configurations (*.qvmconf), manifests (*.yaml), directories, '-' for standard input, or the "
         "words of one VM")
      ->type_name("FILE");
  app.add_option("--format", arguments.format, "How findings are printed: text, json, sarif or github")
      ->check(CLI::IsMember({"text", "json", "sarif", "github"}))
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
  app.add_flag("--separate", arguments.separate, "Check every file for itself, not as VMs of one set");
  app.add_option("--stdin-name", arguments.stdin_name, "What standard input is called in findings")
      ->type_name("NAME");
  app.add_flag("--fix", arguments.fix, "Apply the suggestions of findings to the files");
  app.add_flag("--diff", arguments.diff, "Only show what --fix would do, as a unified diff");
  app.add_flag("--list-rules", arguments.list_rules, "List all rules");
  app.add_flag("--list-options", arguments.list_options,
               "Describe every option of the language, as Markdown or, with --format json, for programs");
  app.add_option("--explain", arguments.explain, "Explain a rule, with examples")->type_name("RULE");
}

int parse_and_run(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err) {
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "qvm-lint";
  Arguments arguments;
  CLI::App app{std::string(kDescription), program};
  add_options(app, arguments, program);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, out, err);
    return kClean;
  } catch (const CLI::ParseError& error) {
    return usage_error(err, program, describe_parse_error(app, error));
  }
  if (arguments.list_rules) {
    out << list_rules();
    return kClean;
  }
  if (arguments.list_options) return list_options(arguments, program, out, err);
  if (!arguments.explain.empty()) return print_explanation(arguments, program, out, err);
  if (const std::string wrong = check_usage(arguments); !wrong.empty())
    return usage_error(err, program, wrong);
  return LintRun(arguments, program, in, out, err).run();
}

}  // namespace

int run_lint(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err) {
  return run_guarded("qvm-lint", out, err, [&] { return parse_and_run(argc, argv, in, out, err); });
}

}  // namespace qvm::lint
