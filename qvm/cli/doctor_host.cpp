// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/doctor_host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "qvm/base/control_groups.h"
#include "qvm/base/own_groups.h"
#include "qvm/base/unique_fd.h"
#include "qvm/cli/identities.h"
#include "qvm/cli/vm_accounts.h"
#include "qvm/daemon/host/kvm_access.h"

namespace qvm::cli {
namespace {

namespace fs = std::filesystem;
using config::Architecture;

constexpr const char* kKvm = "/dev/kvm";

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string group_name(gid_t gid) {
  const ::group* entry = ::getgrgid(gid);
  return entry != nullptr ? entry->gr_name : std::to_string(gid);
}

// Whether a line of /proc/cpuinfo's flags has the word.
bool has_flag(const std::string& cpuinfo, std::string_view flag) {
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    return std::find(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>(), flag) !=
           std::istream_iterator<std::string>();
  }
  return false;
}

bool is_listed(const std::string& user, gid_t gid) {
  const ::group* entry = ::getgrgid(gid);
  if (entry == nullptr) return false;
  for (char** member = entry->gr_mem; *member != nullptr; ++member) {
    if (user == *member) return true;
  }
  return false;
}

// The value of a line "key: 123 kB" or "key 123".
std::uint64_t number_after(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const auto digit = line.find_first_of("0123456789", key.size());
    std::uint64_t value = 0;
    if (digit != std::string::npos) std::from_chars(line.data() + digit, line.data() + line.size(), value);
    return value;
  }
  return 0;
}

// A control group's bound; absent: "max", or there is no such file.
std::optional<std::uint64_t> bound(const std::string& path) {
  return number_in(read_text(path));
}

std::uint64_t least(const std::vector<std::string>& directories, const char* file) {
  std::uint64_t result = kNoLimit;
  for (const std::string& directory : directories)
    result = std::min(result, bound(directory + "/" + file).value_or(kNoLimit));
  return result;
}

}  // namespace

Architecture host_architecture() {
#ifdef __aarch64__
  return Architecture::aarch64;
#else
  return Architecture::x86_64;
#endif
}

std::string account_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

bool in_container() {
  return exists("/.dockerenv") || exists("/run/.containerenv") || exists("/run/systemd/container") ||
         std::getenv("container") != nullptr ||
         read_text("/proc/1/environ").find("container=") != std::string::npos;
}

DoctorFacts::Packages package_manager() {
  if (exists("/usr/bin/apt-get")) return DoctorFacts::Packages::apt;
  if (exists("/usr/bin/dnf")) return DoctorFacts::Packages::dnf;
  return DoctorFacts::Packages::other;
}

KvmFacts probe_kvm() {
  KvmFacts kvm;
  kvm.open_message = daemon::why_no_kvm();
  if (!kvm.open_message.empty() && !UniqueFd(::open(kKvm, O_RDWR | O_CLOEXEC))) kvm.open_error = errno;
  struct stat device {};
  if (::stat(kKvm, &device) == 0) {
    kvm.group = group_name(device.st_gid);
    kvm.owners = fmt::format("{}:{} {:04o}", account_name(device.st_uid), kvm.group, device.st_mode & 07777U);
    kvm.in_group = is_member(device.st_gid);
    kvm.listed_in_group = is_listed(account_name(::geteuid()), device.st_gid);
    if (::geteuid() == 0 && kvm.open_message.empty()) kvm.acl_error = daemon::why_no_leases();
  }
  const std::string cpuinfo = read_text("/proc/cpuinfo");
  const bool intel = has_flag(cpuinfo, "vmx");
  const bool amd = has_flag(cpuinfo, "svm");
  kvm.cpu_can = intel || amd;
  kvm.in_vm = has_flag(cpuinfo, "hypervisor");
  kvm.module = intel ? "kvm_intel" : amd ? "kvm_amd" : "kvm";
  // The common part may be there without the processor's.
  const bool has_part = host_architecture() == Architecture::aarch64 || kvm.cpu_can;
  kvm.module_loaded = has_part && exists("/sys/module/" + kvm.module);
  return kvm;
}

VmUserFacts probe_vm_users() {
  VmUserFacts users;
  if (::geteuid() != 0) return users;
  plan::HostFacts host;
  config::DiagnosticSink sink;
  host.runtime_directory = "/";
  resolve_identity("doctor", nullptr, host, sink);
  const UidRange range;
  const char* chosen = std::getenv("QVM_VM_UIDS");
  if (sink.has_errors()) {
    users.error = sink.all().front().message;
  } else if (host.own_uid) {
    users.kind = VmUserFacts::Kind::own_range;
    users.uid = *host.uid;
    users.text = chosen != nullptr ? chosen : fmt::format("{}-{}", range.first, range.last);
  } else if (host.uid.value_or(0) == 0) {
    users.kind = VmUserFacts::Kind::root;
  } else {
    users.kind = VmUserFacts::Kind::shared_account;
    users.text = account_name(*host.uid);
  }
  return users;
}

void probe_memory(DoctorFacts& facts) {
  constexpr std::uint64_t kKiB = 1024;
  const std::string meminfo = read_text("/proc/meminfo");
  facts.memory_bytes = number_after(meminfo, "MemTotal:") * kKiB;
  facts.available_bytes = number_after(meminfo, "MemAvailable:") * kKiB;
  facts.free_huge_pages = number_after(meminfo, "HugePages_Free:");
  facts.huge_page_bytes = number_after(meminfo, "Hugepagesize:") * kKiB;
  const std::string shmem = read_text("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  const auto open = shmem.find('[');
  const auto close = shmem.find(']');
  if (open != std::string::npos && close != std::string::npos)
    facts.transparent_shmem = shmem.substr(open + 1, close - open - 1);
  facts.control_group_processes = least(control_groups("pids"), "pids.max");
  for (const std::string& directory : control_groups("memory")) {
    const auto most = bound(directory + "/memory.max");
    if (!most) continue;
    const std::uint64_t used = bound(directory + "/memory.current").value_or(0);
    facts.memory_bytes = std::min(facts.memory_bytes, *most);
    facts.available_bytes = std::min(facts.available_bytes, *most > used ? *most - used : 0);
  }
}

SecurityFacts probe_security() {
  SecurityFacts security;
  const std::string enforcing = read_text("/sys/fs/selinux/enforce");
  security.selinux_enforcing = enforcing.starts_with('1');
  if (!read_text("/sys/module/apparmor/parameters/enabled").starts_with('Y')) return security;
  std::string own = read_text("/proc/self/attr/apparmor/current");
  own = own.substr(0, own.find_last_not_of(std::string_view("\n\0", 2)) + 1);
  if (own.ends_with("(enforce)")) security.profile = own;
  // Readable by root only.
  std::istringstream lines(read_text("/sys/kernel/security/apparmor/profiles"));
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find(' '));
    const bool libvirt = name == "libvirtd" || name == "virtqemud";
    if (libvirt && line.ends_with("(enforce)")) security.libvirt_profiles.push_back(name);
  }
  return security;
}

// libvirt looks at descriptions of such programs first.
std::string find_virtiofsd() {
  std::error_code error;
  for (const char* directory : {"/etc/qemu/vhost-user", "/usr/share/qemu/vhost-user"}) {
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      const auto json = nlohmann::json::parse(read_text(entry->path().string()), nullptr, false);
      if (!json.is_object() || json.value("type", "") != "fs") continue;
      const std::string program = json.value("binary", "");
      if (::access(program.c_str(), X_OK) == 0) return program;
    }
  }
  return {};
}

}  // namespace qvm::cli
