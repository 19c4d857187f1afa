// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/helper_program.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "qvm/base/child_process.h"
#include "qvm/base/whole_text.h"

namespace qvm::cli {
namespace {

constexpr std::size_t kMostOutput = 64 * 1024;

}  // namespace

Result<HelperAnswer> run_helper(const std::vector<std::string>& words, const std::string& input,
                                std::chrono::milliseconds patience) {
  auto in = QVM_TRY(make_pipe());
  auto out = QVM_TRY(make_pipe());
  const auto pid = start_child({.path = words.front(),
                                .words = words,
                                .descriptors = {{in.read.get(), STDIN_FILENO},
                                                {out.write.get(), STDOUT_FILENO},
                                                {out.write.get(), STDERR_FILENO}}});
  in.read.reset();
  out.write.reset();
  // Less than a pipe holds; a program that does not read it must not be our end.
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  [[maybe_unused]] const auto written = ::write(in.write.get(), input.data(), input.size());
  in.write.reset();
  ::sigaction(SIGPIPE, &before, nullptr);
  if (!pid) return tl::unexpected(pid.error());
  auto output =
      read_to_end(out.read.get(), {.deadline = std::chrono::steady_clock::now() + patience}, kMostOutput);
  if (!output) ::kill(*pid, SIGKILL);
  const int status = wait_for_child(*pid);
  if (output)
    return HelperAnswer{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::move(*output)};
  return fail(fmt::format("'{}' has not ended after {} s", words.front(),
                          std::chrono::ceil<std::chrono::seconds>(patience).count()));
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/local/bin:/usr/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string program = directory + "/" + name;
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

}  // namespace qvm::cli
