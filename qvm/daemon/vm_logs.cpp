// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/vm_logs.h"

#include <filesystem>

#include "qvm/base/log_limit.h"

namespace qvm::daemon {

void shorten_logs(const RuntimePaths& paths, const std::string& vm) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(paths.vm_logs(vm), error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    shorten_log(entry->path().string());
  }
  shorten_log(paths.logs() + "/libvirt/qemu/" + vm + ".log");
}

}  // namespace qvm::daemon
