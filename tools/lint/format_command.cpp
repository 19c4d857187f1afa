// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/format_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "config/format/format.h"
#include "config/language/word.h"
#include "config/lint/render.h"
#include "config/text/reader.h"
#include "config/text/text_diff.h"
#include "tools/lint/command_support.h"
#include "tools/lint/inputs.h"
#include "tools/lint/mistyped.h"
#include "tools/lint/replace_file.h"

namespace qvm::lint {
namespace {

struct FormatArguments {
  std::vector<std::string> words;
  std::vector<std::string> plugin_directories;
  std::string stdin_name = "<stdin>";
  bool check = false;
  bool diff = false;
};

constexpr std::string_view kFormatDescription =
    "Brings VM configurations into their canonical layout: one option of the VM a line, options of a device "
    "indented below it. Words, comments and what they mean stay as they are.";

std::string format_examples(std::string_view program) {
  return fmt::format(
      "Examples:\n"
      "  Rewrite files, and everything below a directory:\n    {0} guest.qvmconf machines/\n"
      "  Only look: exit status 1 and the names of files that would change, as for CI:\n    {0} --check "
      "machines/\n"
      "  What would change:\n    {0} --diff guest.qvmconf\n"
      "  As a filter, for editors:\n    {0} - < guest.qvmconf\n\n"
      "Exit status: 0 done, 1 with --check: a file would change, 2 bad usage, 3 a file could not be read,\n"
      "understood or written; it is left as it is.\n",
      program);
}

class FormatRun {
 public:
  FormatRun(const FormatArguments& arguments, std::string_view program, std::istream& in, std::ostream& out,
            std::ostream& err)
      : x_arguments(arguments), x_program(program), x_in(in), x_out(out), x_err(err) {}

  int run() {
    const auto tables = load_tables(x_arguments.plugin_directories, x_failures);
    if (!tables) {
      complain(tables.error().message());
      return kUnreadable;
    }
    for (const std::string& word : x_arguments.words) {
      std::error_code ignored;
      if (word == kStandardInput) {
        format_standard_input(*tables);
      } else if (std::filesystem::is_directory(word, ignored)) {
        for (const std::string& file : configurations_below(word, x_failures)) format_file(file, *tables);
      } else {
        format_file(word, *tables);
      }
    }
    for (const std::string& failure : x_failures) complain(failure);
    if (x_not_understood || !x_failures.empty()) return kUnreadable;
    return x_arguments.check && x_changed ? kErrors : kClean;
  }

 private:
  void complain(std::string_view message) { x_err << fmt::format("{}: {}\n", x_program, message); }

  std::optional<std::string> format_text(const std::string& name, const std::string& text,
                                         const config::TableSet& tables) {
    config::SourceSet sources;
    config::DiagnosticSink sink;
    auto result = config::format(sources.add(name, text), sources, tables, sink);
    x_err << config::render_text(sink, sources, config::Colors::off);
    x_not_understood = x_not_understood || !result;
    x_changed = x_changed || (result && *result != text);
    return result;
  }

  void format_standard_input(const config::TableSet& tables) {
    const std::string text = read_stream(x_in, x_failures);
    const auto result = format_text(x_arguments.stdin_name, text, tables);
    if (!result) return;
    if (x_arguments.diff || x_arguments.check) {
      show(x_arguments.stdin_name, text, *result);
    } else {
      x_out << *result;
    }
  }

  void format_file(const std::string& path, const config::TableSet& tables) {
    config::HostReader reader;
    const auto text = reader.read(path, config::kMaximumFileBytes);
    if (!text) {
      x_failures.push_back("cannot " + text.error().message());
      return;
    }
    const auto result = format_text(path, *text, tables);
    if (!result || *result == *text) return;
    if (!x_arguments.check && !x_arguments.diff) {
      if (auto replaced = replace_file(path, *result); !replaced) {
        x_failures.push_back("cannot " + replaced.error().message());
        return;
      }
    }
    show(path, *text, *result);
  }

  void show(const std::string& name, const std::string& before, const std::string& after) {
    if (x_arguments.diff) {
      x_out << config::unified_diff(name, before, after);
    } else if (before != after) {
      x_out << name << "\n";
    }
  }

  const FormatArguments& x_arguments;
  std::string_view x_program;
  std::istream& x_in;
  std::ostream& x_out;
  std::ostream& x_err;
  std::vector<std::string> x_failures;
  bool x_not_understood = false;
  bool x_changed = false;
};

std::string check_format_usage(const FormatArguments& arguments) {
  if (arguments.words.empty()) return "no configuration to format is named";
  if (std::count(arguments.words.begin(), arguments.words.end(), kStandardInput) > 1)
    return "'-' is standard input, which can be read only once";
  for (const std::string& word : arguments.words) {
    if (is_manifest(word)) return fmt::format("'{}' is a manifest; only configurations are formatted", word);
  }
  return {};
}

int parse_and_run_format(int argc, const char* const* argv, std::istream& in, std::ostream& out,
                         std::ostream& err) {
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "qvm fmt";
  FormatArguments arguments;
  CLI::App app{std::string(kFormatDescription), program};
  app.footer(format_examples(program));
  app.add_option("file", arguments.words,
                 "Configurations (*.qvmconf), directories, or '-' for standard input")
      ->type_name("FILE");
  app.add_flag("--check", arguments.check, "Change nothing; name the files that would change");
  app.add_flag("--diff", arguments.diff, "Change nothing; show what would change as a unified diff");
  app.add_option("--stdin-name", arguments.stdin_name, "What standard input is called")->type_name("NAME");
  app.add_option("--plugin-dir", arguments.plugin_directories,
                 "Directory with option tables (*.json) of further vdevs")
      ->type_name("DIR")
      ->allow_extra_args(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, out, err);
    return kClean;
  } catch (const CLI::ParseError& error) {
    return usage_error(err, program, describe_parse_error(app, error));
  }
  if (const std::string wrong = check_format_usage(arguments); !wrong.empty())
    return usage_error(err, program, wrong);
  return FormatRun(arguments, program, in, out, err).run();
}

}  // namespace

int run_format(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err) {
  return run_guarded("qvm fmt", out, err, [&] { return parse_and_run_format(argc, argv, in, out, err); });
}

}  // namespace qvm::lint
