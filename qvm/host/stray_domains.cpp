// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/stray_domains.h"

#include <filesystem>
#include <vector>

#include "qvm/host/domain_process.h"
#include "qvm/host/embed_root.h"

namespace qvm::host {
namespace {

namespace fs = std::filesystem;

void forget(const std::string& embed_root, const std::string& domain) {
  std::error_code ignored;
  fs::remove(status_file(embed_root, domain), ignored);
  fs::remove(pid_file(embed_root, domain), ignored);
}

}  // namespace

void abandon_domain(const std::string& embed_root, const std::string& domain) {
  kill_domain_process(embed_root, domain);
  forget(embed_root, domain);
}

void forget_dead_domains(const std::string& embed_root) {
  std::vector<std::string> domains;
  std::error_code error;
  for (fs::directory_iterator entry(embed_root + "/run/qemu", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".xml") domains.push_back(entry->path().stem().string());
  }
  for (const std::string& domain : domains) {
    if (domain_process(embed_root, domain) == 0) forget(embed_root, domain);
  }
}

}  // namespace qvm::host
