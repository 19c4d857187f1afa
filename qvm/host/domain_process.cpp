// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/domain_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "qvm/base/pidfd.h"
#include "qvm/base/wait_for.h"
#include "qvm/host/embed_root.h"
#include "qvm/host/process_facts.h"

namespace qvm::host {
namespace {

// The number may have become somebody else's since it was noted. QEMU's command line says whose it is; that
// of a zombie is empty. What libvirt has forked and what is not QEMU yet is a child of ours and still our
// program.
bool is_of(pid_t pid, const std::string& domain) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string words = text.str();
  if (words.find(std::string("\0guest=", 7) + domain + ",") != std::string::npos) return true;
  const auto facts = facts_of(pid);
  std::error_code error;
  return facts && is_background_child(pid, *facts) &&
         std::filesystem::equivalent("/proc/self/exe", "/proc/" + std::to_string(pid) + "/exe", error);
}

// The number may be somebody else's from one moment to the next; the descriptor stays that process's.
UniqueFd open_process(const std::string& embed_root, const std::string& domain) {
  const pid_t pid = noted_pid(embed_root, domain);
  if (pid == 0) return {};
  UniqueFd process = open_pidfd(pid);
  return is_of(pid, domain) ? std::move(process) : UniqueFd();
}

void send_signal(const UniqueFd& process, int signal) {
  if (process) ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

}  // namespace

pid_t domain_process(const std::string& embed_root, const std::string& domain) {
  const pid_t pid = noted_pid(embed_root, domain);
  return pid != 0 && is_of(pid, domain) ? pid : 0;
}

void kill_domain_process(const std::string& embed_root, const std::string& domain) {
  const UniqueFd process = open_process(embed_root, domain);
  if (!process) return;
  send_signal(process, SIGKILL);
  wait_for(process.get(), POLLIN, std::chrono::seconds(5));
}

void continue_domain_process(const std::string& embed_root, const std::string& domain) {
  send_signal(open_process(embed_root, domain), SIGCONT);
}

}  // namespace qvm::host
