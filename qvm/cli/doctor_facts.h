// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What `qvm doctor` finds out about a host, before it is judged.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "config/model/vm_config.h"

namespace qvm::cli {

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct KvmFacts {
  int open_error = 0;            // errno of opening /dev/kvm; 0: it is usable
  std::string open_message{};    // why it cannot be used
  std::string owners{};          // "root:kvm 0660"; empty without the device
  std::string group{};           // the device's
  bool in_group = false;         // this process has the device's group
  bool listed_in_group = false;  // the caller's account is in it; counts from the next log-in on
  bool cpu_can = false;          // the processor shows virtualisation (x86-64)
  bool in_vm = false;            // this host is a VM itself
  std::string module{};          // that the processor needs: "kvm_intel"
  bool module_loaded = false;
  std::string acl_error{};  // as root: why no user can be given access; empty: can be, or not asked
};

struct QemuFacts {
  config::Architecture architecture = config::Architecture::x86_64;
  std::string program{};      // path; empty: not found
  std::string version{};      // "7.2.22"
  std::string proof{};        // why vmhost does not come up in it; empty: it does
  std::string accelerator{};  // that was proved with
};

struct LibvirtFacts {
  std::string library{};   // version that runs
  std::string compiled{};  // version that this program was built with
  std::string error{};     // why its QEMU driver cannot be used; empty: it can
};

struct RuntimeFacts {
  std::string path{};
  std::string error{};           // why it cannot be used
  std::size_t longest_name = 0;  // of a VM, in bytes: sockets have short paths
  bool noexec = false;
  std::string unreachable{};  // as root: the directory on the way that VMs' users cannot enter
};

struct CacheReport {
  std::string directory{};
  std::string why_not_kept{};
  std::string error{};
};

struct LimitFacts {
  std::uint64_t soft = kNoLimit;
  std::uint64_t hard = kNoLimit;
};

struct VmUserFacts {
  enum class Kind { caller, own_range, shared_account, root };
  Kind kind = Kind::caller;
  uid_t uid = 0;        // own_range: one of them
  std::string text{};   // the range, or the account
  std::string error{};  // why nobody can be given to a VM
};

struct SecurityFacts {
  std::string profile{};                        // AppArmor's for this process; empty: none
  std::vector<std::string> libvirt_profiles{};  // of AppArmor, that confine libvirt's daemons
  bool selinux_enforcing = false;
};

struct StartFacts {
  double seconds = 0;
  std::string error{};  // what the start said; empty: it went well
};

struct DoctorFacts {
  enum class Packages { apt, dnf, other };

  uid_t uid = 0;
  std::string user{};
  bool container = false;
  Packages packages = Packages::other;
  config::Architecture architecture = config::Architecture::x86_64;  // of this host
  std::vector<std::string> missing_parts{};                          // files of this installation
  KvmFacts kvm{};
  std::vector<QemuFacts> qemu{};  // of each architecture
  LibvirtFacts libvirt{};
  std::string firmware{};  // path; empty: not found
  RuntimeFacts runtime{};
  CacheReport cache{};
  bool has_machine_id = true;
  LimitFacts files{};
  LimitFacts processes{};
  LimitFacts locked_bytes{};
  LimitFacts file_bytes{};
  LimitFacts address_space{};
  std::uint64_t control_group_processes = kNoLimit;
  std::uint64_t memory_bytes = 0;
  std::uint64_t available_bytes = 0;
  std::string transparent_shmem{};  // the setting: "never"; empty: the kernel has none
  std::uint64_t free_huge_pages = 0;
  std::uint64_t huge_page_bytes = 0;
  VmUserFacts vm_users{};
  SecurityFacts security{};
  std::string virtiofsd{};            // path; empty: not found
  std::optional<StartFacts> start{};  // absent: not tried, because something else is wrong
};

}  // namespace qvm::cli
