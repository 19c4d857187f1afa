// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/vm_name.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <string_view>

#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

constexpr const char* kRule = "plan-name";
// Room for the name of a socket in a VM's directory.
constexpr std::string_view kLongestSocket = "console-999.sock";
// libvirt puts the name into file names of its own.
constexpr std::size_t kLongestName = 64;

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

}  // namespace

bool check_vm_name(const std::string& name, const std::string& runtime_directory,
                   const config::SourceRange& where, config::DiagnosticSink& sink) {
  const auto error = [&](std::string message, std::string help) {
    report(sink, config::Severity::error, kRule, where, std::move(message), std::move(help));
    return false;
  };
  if (name.empty()) return error("the VM has no name", "add 'system NAME' at the start of its configuration");
  if (!std::all_of(name.begin(), name.end(), is_allowed) || name.front() == '-' || name.front() == '.') {
    return error(fmt::format("'{}' cannot be the name of a VM", name),
                 "use letters, digits, '-', '_' and '.', and start with a letter or digit");
  }
  if (name.size() > kLongestName) {
    return error(fmt::format("the name '{}' has {} characters; a VM's name has at most {}", name, name.size(),
                             kLongestName),
                 "");
  }
  const std::string longest = runtime_directory + "/vm/" + name + "/" + std::string(kLongestSocket);
  constexpr std::size_t kLimit = sizeof(sockaddr_un::sun_path) - 1;
  if (longest.size() > kLimit) {
    return error(
        fmt::format(
            "the name '{}' is too long for sockets below '{}': '{}' would have {} bytes, the limit is {}",
            name, runtime_directory, longest, longest.size(), kLimit),
        "give the VM a shorter name, or choose a shorter run-time directory with --runtime-dir");
  }
  return true;
}

}  // namespace qvm::plan
