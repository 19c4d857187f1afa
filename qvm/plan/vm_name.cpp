// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/vm_name.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <string_view>

#include "config/manifest/system_values.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

constexpr const char* kNameRule = "plan-name";
// Room for the name of a socket in a VM's directory.
constexpr std::string_view kLongestSocket = "console-999.sock";

}  // namespace

bool check_vm_name(const std::string& name, const std::string& runtime_directory,
                   const config::SourceRange& where, config::DiagnosticSink& sink) {
  const auto error = [&](std::string message, std::string help) {
    report(sink, config::Severity::error, kNameRule, where, std::move(message), std::move(help));
    return false;
  };
  if (name.empty()) return error("the VM has no name", "add 'system NAME' at the start of its configuration");
  if (const auto usable = config::parse_vm_name(name); !usable)
    return error(usable.error().message, usable.error().help);
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
