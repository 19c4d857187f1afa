// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM or host program may do with regions: the part of a plan that qvm-regiond enforces. Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qvm::regions {

// `allow PATTERN` or `deny PATTERN`: shell wildcards over the name the guest wrote; first match decides.
struct NameRule {
  bool allow = true;
  std::string pattern;
  std::string place;  // "file:line:column" for explanations

  bool operator==(const NameRule&) const = default;
};

// `subst [match],prefix`: applied after the rules, in order, at most one.
struct Substitution {
  std::string match;  // empty: prefix is prepended; else a leading match is replaced by prefix
  std::string prefix;
  std::string place;

  bool operator==(const Substitution&) const = default;
};

// `create name,size[,mode[,gid]]`: exists while its VM runs.
struct CreateSpec {
  std::string name;         // as the guest names it: rules and substitutions apply
  std::uint64_t bytes = 0;  // rounded up to pages
  std::uint32_t mode = 0666;
  std::optional<gid_t> gid;  // default: the VM's
  std::string place;

  bool operator==(const CreateSpec&) const = default;
};

// One vdev instance's rights.
struct VdevPolicy {
  std::string vdev;             // id within the VM: "shmem0", "shmem1", … in configuration order
  std::vector<NameRule> rules;  // none: everything allowed; implicit tail: opposite of the last rule
  std::vector<Substitution> substitutions;
  std::vector<CreateSpec> creates;
  std::uint32_t umask = 0;   // taken from modes of regions the guest itself creates
  std::optional<gid_t> gid;  // group of regions the guest itself creates

  bool operator==(const VdevPolicy&) const = default;
};

// What all VMs and regions of one manifest may have together.
struct SystemLimits {
  std::string system{};           // which manifest: equal for all that share these limits; empty: no limits
  std::uint64_t bytes = 0;        // of the manifest's regions and those that its VMs created
  std::uint32_t regions = 0;      // the same
  std::uint32_t connections = 0;  // of its VMs
  std::string place{};            // of the limits in the manifest

  bool operator==(const SystemLimits&) const = default;
};

// One VM's identity and rights, given to qvm-regiond before the VM starts.
struct VmPolicy {
  std::string vm;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
  std::vector<VdevPolicy> vdevs;
  std::uint32_t connections_per_region = 4;      // bound on one VM's share of a region's 16
  std::uint32_t connections = 64;                // of this VM, all regions
  std::uint64_t bytes = std::uint64_t{1} << 32;  // created by this VM, all regions
  std::uint32_t regions = 256;                   // created by this VM
  std::string limits_place;                      // of its limits in the manifest; empty: the default ones
  SystemLimits system{};

  bool operator==(const VmPolicy&) const = default;
};

// What backs a region. Huge pages are of 2 MiB.
enum class HugePages : std::uint8_t {
  none,
  advise,   // transparent ones, as far as the host has some
  require,  // of the host's reserved pool; sizes are rounded up to whole ones
};
inline constexpr std::uint64_t kHugePageBytes = std::uint64_t{2} << 20;
// What a region of so many bytes takes in units that back it: kPageBytes or kHugePageBytes.
constexpr std::uint64_t units_for(std::uint64_t bytes, std::uint64_t unit) {
  return bytes / unit + (bytes % unit != 0 ? 1 : 0);
}

// How a region's memory is made.
struct Backing {
  HugePages huge_pages = HugePages::none;
  bool lock = false;  // never swapped out

  bool operator==(const Backing&) const = default;
};

// A region of the manifest: lives while the system is up.
struct RegionSpec {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t mode = 0666;
  uid_t owner = 0;
  gid_t group = 0;
  Backing backing{};
  std::string place{};
  SystemLimits system{};

  bool operator==(const RegionSpec&) const = default;
};

}  // namespace qvm::regions
