// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/stray_domains.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "qvm/base/pidfd.h"
#include "qvm/host/embed_root.h"

namespace qvm::host {
namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The domain's living process, 0 if there is none. A pid may have gone to somebody else: the command line
// must name the domain. That of a zombie is empty.
pid_t living_process(const std::string& embed_root, const std::string& domain) {
  const pid_t pid = noted_pid(embed_root, domain);
  if (pid == 0) return 0;
  const std::string command = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  return command.find(std::string("\0guest=", 7) + domain + ",") == std::string::npos ? 0 : pid;
}

void forget(const std::string& embed_root, const std::string& domain) {
  std::error_code ignored;
  fs::remove(status_file(embed_root, domain), ignored);
  fs::remove(pid_file(embed_root, domain), ignored);
}

}  // namespace

void abandon_domain(const std::string& embed_root, const std::string& domain) {
  constexpr int kPatienceMs = 5000;
  if (const pid_t pid = living_process(embed_root, domain); pid != 0) {
    const UniqueFd process = open_pidfd(pid);
    ::kill(pid, SIGKILL);
    pollfd waiting{process.get(), POLLIN, 0};
    if (process) ::poll(&waiting, 1, kPatienceMs);
  }
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
    if (living_process(embed_root, domain) == 0) forget(embed_root, domain);
  }
}

}  // namespace qvm::host
