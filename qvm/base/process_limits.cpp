// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/process_limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace qvm {
namespace {

// Enough for more VMs than a host has memory for.
constexpr std::uint64_t kEnoughFiles = 65536;
constexpr std::uint64_t kMostFiles = 1048576;

constexpr const char* kRaiseFiles =
    "raise it with 'prlimit --pid $$ --nofile=65536' as root in the shell that starts qvm, or with --ulimit "
    "nofile=65536 of the container";
constexpr const char* kRaiseProcesses =
    "raise it with 'prlimit --pid $$ --nproc=65536' as root in the shell that starts qvm, or with "
    "--pids-limit "
    "or --ulimit nproc of the container";

std::string text_of(std::uint64_t limit) {
  return limit == ProcessLimit::kNone ? "none" : std::to_string(limit);
}

}  // namespace

ProcessLimit process_limit(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return {};
  const auto value = [](rlim_t number) {
    return number == RLIM_INFINITY ? ProcessLimit::kNone : std::uint64_t{number};
  };
  return {.soft = value(limit.rlim_cur), .hard = value(limit.rlim_max)};
}

std::uint64_t sensible_soft_limit(const ProcessLimit& limit, std::uint64_t enough, std::uint64_t most) {
  return std::min(std::max(limit.soft, std::min(limit.hard, enough)), most);
}

void raise_file_limit() {
  const ProcessLimit limit = process_limit(RLIMIT_NOFILE);
  rlimit wanted{};
  wanted.rlim_cur = sensible_soft_limit(limit, kEnoughFiles, kMostFiles);
  wanted.rlim_max = limit.hard == ProcessLimit::kNone ? RLIM_INFINITY : limit.hard;
  ::setrlimit(RLIMIT_NOFILE, &wanted);
}

Result<void> check_file_limit(const ProcessLimit& limit, std::uint64_t open, std::uint64_t more,
                              std::string_view what) {
  if (open + more <= limit.soft) return {};
  return fail(
      fmt::format("{} needs {} open files more in qvmd, which has {} and may have {} (RLIMIT_NOFILE): {}",
                  what, more, open, limit.soft, kRaiseFiles));
}

std::uint64_t count_open_files() {
  std::uint64_t count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

std::string explain_limit(std::string message, const ProcessLimit& files, const ProcessLimit& processes) {
  const std::string too_many_files = std::generic_category().message(EMFILE);
  const std::string no_process = std::generic_category().message(EAGAIN);
  if (message.find(too_many_files) != std::string::npos) {
    return fmt::format("{} (the limit of open files, RLIMIT_NOFILE, is {}: {})", message, text_of(files.soft),
                       kRaiseFiles);
  }
  if (message.find(no_process) != std::string::npos) {
    return fmt::format(
        "{} (probably a limit of processes and threads; RLIMIT_NPROC is {}, and a container or control group "
        "may have its own, pids.max: {})",
        message, text_of(processes.soft), kRaiseProcesses);
  }
  return message;
}

std::string explain_limit(std::string message) {
  return explain_limit(std::move(message), process_limit(RLIMIT_NOFILE), process_limit(RLIMIT_NPROC));
}

}  // namespace qvm
