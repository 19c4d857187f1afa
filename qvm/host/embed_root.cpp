// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/embed_root.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>
#include <system_error>
#include <utility>

#include "qvm/base/process_limits.h"
#include "qvm/base/runtime_place.h"
#include "qvm/base/unique_fd.h"

namespace qvm::host {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kProcessesOfAVm = 4096;

Result<void> make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail_errno("make directory '" + path.string() + "'", error.value());
  return {};
}

// root/name becomes a link to target, unless something is there already.
Result<void> link_directory(const fs::path& root, const char* name, const std::string& target) {
  if (target.empty()) return {};
  QVM_TRY(make_directory(target));
  std::error_code error;
  const fs::path link = root / name;
  if (fs::symlink_status(link, error).type() != fs::file_type::not_found) return {};
  fs::create_directory_symlink(target, link, error);
  if (error) return fail_errno("make link '" + link.string() + "'", error.value());
  return {};
}

// ~/.cache; empty: there is no such place.
std::string user_cache() {
  for (const auto& [name, below] : {std::pair("XDG_CACHE_HOME", ""), std::pair("HOME", "/.cache")}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value == '/') return std::string(value) + below;
  }
  return {};
}

}  // namespace

std::string qemu_conf(bool privileged, std::uint64_t processes) {
  std::string text =
      "# Written by qvm at every start; changes are lost.\n"
      "# There is no virtlogd in embedded mode.\n"
      "stdio_handler = \"file\"\n"
      "seccomp_sandbox = 1\n"
      "# Profiles made for plain QEMU would keep the plug-ins of a VM from loading. Each VM has a user of "
      "its own instead.\n"
      "security_driver = \"none\"\n";
  if (privileged) {
    text +=
        "# Every domain names its own user. This one decides only whether libvirt believes that /dev/kvm can "
        "be used;\n"
        "# a user without access to it would make libvirt ask QEMU again, for seconds, at every start.\n"
        "user = \"root\"\n"
        "group = \"root\"\n"
        "# qvm gives each VM exactly the files it needs; libvirt is to change no owner.\n"
        "dynamic_ownership = 0\n"
        "remember_owner = 0\n"
        "# Threads count as processes: enough for any VM, and not enough to be the host's last.\n"
        "max_processes = " +
        std::to_string(std::min(processes, kProcessesOfAVm)) +
        "\n"
        "namespaces = []\n"
        "cgroup_controllers = []\n";
  }
  return text;
}

Result<void> prepare_embed_root(const HypervisorOptions& options) {
  const fs::path root = options.embed_root;
  QVM_TRY(make_directory(root / "etc"));
  QVM_TRY(link_directory(root, "cache", options.cache_directory));
  QVM_TRY(link_directory(root, "log", options.log_directory));
  const std::string text = qemu_conf(::geteuid() == 0, process_limit(RLIMIT_NPROC).hard);
  const fs::path path = root / "etc" / "qemu.conf";
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return fail_errno("write '" + path.string() + "'");
  return {};
}

void provide_user_directory(const std::string& place) {
  constexpr const char* kVariable = "XDG_RUNTIME_DIR";
  if (::geteuid() == 0) return;
  const auto own = RuntimePlaceFacts::of_this_process();
  if (!own.user_runtime.empty()) {
    if (own.is_users(own.user_runtime)) return;
  } else if (std::string cache = user_cache();
             !cache.empty() && make_directory(cache) && own.is_users(cache)) {
    return;
  }
  if (make_directory(place)) ::setenv(kVariable, place.c_str(), 1);
}

std::string status_file(const std::string& embed_root, const std::string& domain) {
  return embed_root + "/run/qemu/" + domain + ".xml";
}

std::string pid_file(const std::string& embed_root, const std::string& domain) {
  return embed_root + "/run/qemu/" + domain + ".pid";
}

std::string process_log(const std::string& embed_root, const std::string& domain) {
  return embed_root + "/log/qemu/" + domain + ".log";
}

pid_t noted_pid(const std::string& embed_root, const std::string& domain) {
  pid_t pid = 0;
  pugi::xml_document status;
  if (status.load_file(status_file(embed_root, domain).c_str()))
    pid = status.child("domstatus").attribute("pid").as_int();
  if (pid <= 0 && !(std::ifstream(pid_file(embed_root, domain)) >> pid)) return 0;
  return std::max(pid, 0);
}

Result<void> close_domain_directories(const std::string& embed_root, int id, const std::string& domain) {
  // libvirt's "short name" of a domain.
  constexpr std::size_t kShortName = 20;
  const std::string name = std::to_string(id) + "-" + domain.substr(0, kShortName);
  // The second is libvirt 9's place for channels, the third the one of 11 and 12.
  for (const char* place : {"/lib/qemu/domain-", "/lib/qemu/channel/target/domain-", "/run/qemu/channel/"}) {
    const std::string path = embed_root + place + name;
    const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory && errno == ENOENT) continue;
    if (!directory || ::fchown(directory.get(), 0, static_cast<gid_t>(-1)) != 0)
      return fail_errno("take directory '" + path + "' away from the VM's user");
  }
  return {};
}

bool must_probe_qemu(const std::string& cache_directory) {
  std::error_code error;
  const fs::directory_iterator entries(fs::path(cache_directory) / "qemu" / "capabilities", error);
  return error || entries == fs::directory_iterator();
}

}  // namespace qvm::host
