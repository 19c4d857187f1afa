// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/command_support.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>

#include "config/language/word.h"
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
  errno = 0;
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  // std::cin takes a failure for the end of the file; a directory is one.
  if (in.bad() || (&in == &std::cin && std::ferror(stdin) != 0)) {
    failures.push_back(Error::from_errno("cannot read standard input", errno == 0 ? EIO : errno).message());
  }
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
