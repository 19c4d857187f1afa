// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/remembered_ends.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "qvm/daemon/file_access.h"
#include "qvm/daemon/protocol.h"

namespace qvm::daemon {
namespace {

std::string end_file(const RuntimePaths& paths, const std::string& vm) {
  return paths.vm_logs(vm) + "/end.json";
}

}  // namespace

Result<void> remember_end(const RuntimePaths& paths, const VmStatus& status) {
  return replace_file(end_file(paths, status.name), encode({.kind = Reply::Kind::vm, .vms = {status}}));
}

void forget_end(const RuntimePaths& paths, const std::string& vm) {
  ::unlink(end_file(paths, vm).c_str());
}

std::vector<VmStatus> remembered_ends(const RuntimePaths& paths) {
  std::vector<VmStatus> ends;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(paths.logs(), ignored)) {
    const std::string name = entry.path().filename();
    if (!why_not_a_vm_name(name).empty()) continue;
    const auto text = read_file(end_file(paths, name));
    if (!text) continue;
    auto said = decode_reply(*text);
    if (!said || said->vms.size() != 1) continue;
    VmStatus& status = said->vms.front();
    if (status.name == name && status.over()) ends.push_back(std::move(status));
  }
  return ends;
}

}  // namespace qvm::daemon
