// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/command_support.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <istream>
#include <ostream>

#include "config/word.h"
#include "qvm/base/install_paths.h"

namespace qvm::lint {

Result<config::TableSet> load_tables(const std::vector<std::string>& directories,
                                     std::vector<std::string>& failures) {
  auto tables = config::TableSet::shipped();
  if (!tables) return tables;
  std::vector<Error> unusable;
  const std::string own = InstallPaths::of_this_program().plugins;
  std::error_code ignored;
  if (std::filesystem::is_directory(own, ignored)) tables->add_directory(own, unusable);
  for (const std::string& directory : directories) tables->add_directory(directory, unusable);
  for (const Error& failure : unusable) failures.push_back(failure.message());
  return tables;
}

std::string read_stream(std::istream& in, std::vector<std::string>& failures) {
  std::string text(config::kMaximumFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) failures.emplace_back("cannot read standard input");
  return text;
}

int run_guarded(std::string_view program, std::ostream& out, std::ostream& err,
                const std::function<int()>& command) {
  try {
    const int status = command();
    if (out.flush()) return status;
    err << program << ": cannot write the output\n";
  } catch (const std::exception& error) {
    err << program << ": " << error.what() << "\n";
  }
  return kUnreadable;
}

int usage_error(std::ostream& err, std::string_view program, std::string_view message) {
  err << fmt::format("{0}: {1}\nTry '{0} --help'.\n", program, message);
  return kUsage;
}

}  // namespace qvm::lint
