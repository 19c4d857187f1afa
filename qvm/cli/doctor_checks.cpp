// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/doctor_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>

#include "config/model/architecture.h"

namespace qvm::cli {
namespace {

using config::Architecture;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kGiB = 1024 * kMiB;
// What a set of a dozen VMs takes with room to spare.
constexpr std::uint64_t kEnoughFiles = 1024;
constexpr std::uint64_t kEnoughProcesses = 512;
constexpr std::uint64_t kLittleMemory = 512 * kMiB;

std::string size_text(std::uint64_t bytes) {
  if (bytes == kNoLimit) return "no limit";
  if (bytes >= kGiB) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(kGiB));
  return bytes >= kMiB ? fmt::format("{} MiB", bytes / kMiB) : fmt::format("{} KiB", bytes / 1024);
}

std::string count_text(std::uint64_t count) {
  return count == kNoLimit ? "no limit" : std::to_string(count);
}

class Examination {
 public:
  explicit Examination(const DoctorFacts& facts) : x_facts(facts) {}

  std::vector<Check> run() {
    installation();
    kvm();
    for (const QemuFacts& qemu : x_facts.qemu) this->qemu(qemu);
    any_qemu();
    libvirt();
    firmware();
    runtime_directory();
    cache();
    machine_id();
    vm_users();
    files();
    processes();
    sizes();
    locked_memory();
    memory();
    huge_pages();
    security();
    virtiofsd();
    start();
    return std::move(x_checks);
  }

 private:
  Check& add(std::string id, std::string title, std::string found) {
    return x_checks.emplace_back(
        Check{.id = std::move(id), .title = std::move(title), .found = std::move(found)});
  }
  static void judge(Check& check, Verdict verdict, std::string meaning, std::string remedy) {
    check.verdict = verdict;
    check.meaning = std::move(meaning);
    check.remedy = std::move(remedy);
  }

  bool root() const { return x_facts.uid == 0; }
  // A command that only root can give.
  std::string as_root(const std::string& command) const { return root() ? command : "sudo " + command; }
  std::string install(const std::string& debian, const std::string& fedora) const {
    switch (x_facts.packages) {
      case DoctorFacts::Packages::apt:
        return as_root("apt-get install " + debian);
      case DoctorFacts::Packages::dnf:
        return as_root("dnf install " + fedora);
      case DoctorFacts::Packages::other:
        break;
    }
    return fmt::format("install what Debian calls {}", debian);
  }

  void installation();
  void kvm();
  void kvm_missing(Check& check) const;
  void kvm_forbidden(Check& check) const;
  void qemu(const QemuFacts& qemu);
  void any_qemu();
  void libvirt();
  void firmware();
  void runtime_directory();
  void cache();
  void machine_id();
  void vm_users();
  void files();
  void processes();
  void sizes();
  void locked_memory();
  void memory();
  void huge_pages();
  void security();
  void virtiofsd();
  void start();

  const DoctorFacts& x_facts;
  std::vector<Check> x_checks;
};

void Examination::installation() {
  if (x_facts.missing_parts.empty()) {
    add("installation", "installation", "all programs and plugins are there");
    return;
  }
  Check& check =
      add("installation", "installation", fmt::format("missing: {}", fmt::join(x_facts.missing_parts, ", ")));
  judge(check, Verdict::error, "no VM starts without these files",
        "install qvm again, or build it with tools/build.sh release");
}

constexpr const char* kEmulated = "VMs are emulated (TCG), many times slower";

void Examination::kvm() {
  const KvmFacts& kvm = x_facts.kvm;
  if (kvm.open_error == 0 && kvm.open_message.empty()) {
    Check& check = add("kvm", "KVM",
                       root() ? "/dev/kvm can be used by root and given to the user of each VM"
                              : fmt::format("/dev/kvm can be used by user '{}'", x_facts.user));
    if (kvm.acl_error.empty()) return;
    check.found = fmt::format("/dev/kvm can be used by root, but given to nobody else ({})", kvm.acl_error);
    judge(check, Verdict::warning, "VMs run as users of their own, whose start then fails under KVM",
          "chmod 0666 /dev/kvm, or qvm up --accel tcg");
    return;
  }
  Check& check = add("kvm", "KVM", kvm.open_message);
  judge(check, Verdict::warning, kEmulated, {});
  if (kvm.open_error == 0) {
    check.remedy = "use a kernel whose KVM works; until then qvm up --accel tcg";
    return;
  }
  if (kvm.open_error == EACCES || kvm.open_error == EPERM) return kvm_forbidden(check);
  kvm_missing(check);
}

void Examination::kvm_missing(Check& check) const {
  const KvmFacts& kvm = x_facts.kvm;
  const bool x86 = x_facts.architecture == Architecture::x86_64;
  if (!kvm.module_loaded && x86 && !kvm.cpu_can) {
    check.found += kvm.in_vm ? ", and this virtual machine's processor shows no virtualisation"
                             : ", and the processor shows no virtualisation (VT-x or AMD-V)";
    check.remedy = kvm.in_vm ? "switch nested virtualisation on where this virtual machine runs (for KVM: "
                               "kvm_intel.nested=1 or kvm_amd.nested=1, and the host's CPU model)"
                             : "switch VT-x or AMD-V (SVM) on in the firmware's settings";
    return;
  }
  if (x_facts.container) {
    check.remedy = "start the container with --device /dev/kvm, and on its host: modprobe " +
                   (kvm.module.empty() ? std::string("kvm") : kvm.module);
    return;
  }
  if (!x86 && !kvm.module_loaded) {
    check.remedy = "use a kernel with KVM that is started in EL2 (dmesg | grep -i kvm says more)";
    return;
  }
  check.remedy = as_root(kvm.module_loaded ? "mknod /dev/kvm c 10 232 -m 0660" : "modprobe " + kvm.module);
}

void Examination::kvm_forbidden(Check& check) const {
  const KvmFacts& kvm = x_facts.kvm;
  if (!kvm.owners.empty()) check.found += fmt::format(" (it is {})", kvm.owners);
  if (x_facts.container && (root() || kvm.open_error == EPERM)) {
    check.remedy = "start the container with --device /dev/kvm";
  } else if (x_facts.container) {
    check.remedy = fmt::format("start the container with --group-add for group '{}'", kvm.group);
  } else if (kvm.listed_in_group && !kvm.in_group) {
    check.found += fmt::format("; '{}' is in group '{}' from the next log-in on", x_facts.user, kvm.group);
    check.remedy = fmt::format("log in again, or: newgrp {}", kvm.group);
  } else if (!kvm.group.empty() && kvm.group != "root") {
    check.remedy = fmt::format("sudo usermod -aG {} {}, then log in again", kvm.group, x_facts.user);
  } else {
    check.remedy = as_root(fmt::format("setfacl -m u:{}:rw /dev/kvm", x_facts.user));
  }
}

void Examination::qemu(const QemuFacts& qemu) {
  const std::string name(config::to_string(qemu.architecture));
  const bool board = qemu.architecture == Architecture::aarch64;
  const std::string id = "qemu-" + name;
  const std::string title = "QEMU " + name;
  const std::string vms = board ? "aarch64 VMs" : "x86-64 VMs";
  if (qemu.program.empty()) {
    Check& check = add(id, title, fmt::format("there is no qemu-system-{} in PATH", name));
    judge(check, Verdict::note, fmt::format("{} cannot start", vms),
          board ? install("qemu-system-arm", "qemu-system-aarch64-core")
                : install("qemu-system-x86", "qemu-system-x86-core"));
    return;
  }
  const std::string version = qemu.version.empty() ? "of unknown version" : qemu.version;
  if (qemu.proof.empty()) {
    add(id, title,
        fmt::format("{} ({}): vmhost comes up in it ({})", version, qemu.program, qemu.accelerator));
    return;
  }
  Check& check = add(id, title, fmt::format("{} ({}): {}", version, qemu.program, qemu.proof));
  judge(check, Verdict::warning, fmt::format("{} cannot start with this QEMU", vms),
        "put a QEMU that was built with modules, as Debian's, Ubuntu's and Fedora's are, first in PATH");
}

// One that works is enough for some VMs.
void Examination::any_qemu() {
  const bool any = std::any_of(x_facts.qemu.begin(), x_facts.qemu.end(), [](const QemuFacts& qemu) {
    return !qemu.program.empty() && qemu.proof.empty();
  });
  if (any) return;
  for (Check& check : x_checks) {
    if (check.id.starts_with("qemu-")) check.verdict = Verdict::error;
  }
}

void Examination::libvirt() {
  const LibvirtFacts& libvirt = x_facts.libvirt;
  Check& check = add("libvirt", "libvirt",
                     fmt::format("{} (built with {}): its QEMU driver works inside qvmd", libvirt.library,
                                 libvirt.compiled));
  if (libvirt.error.empty()) return;
  check.found = fmt::format("{} (built with {}): {}", libvirt.library, libvirt.compiled, libvirt.error);
  judge(check, Verdict::error, "no VM starts without libvirt's QEMU driver",
        install("libvirt-daemon-driver-qemu", "libvirt-daemon-driver-qemu"));
}

void Examination::firmware() {
  if (!x_facts.firmware.empty()) {
    add("firmware", "firmware", fmt::format("x86-64 guests boot with '{}'", x_facts.firmware));
    return;
  }
  Check& check = add("firmware", "firmware", "there is no qboot.rom");
  judge(check, Verdict::note, "x86-64 guests boot with QEMU's own firmware, some tenths of a second slower",
        install("qemu-system-data", "qemu-system-x86-core"));
}

void Examination::runtime_directory() {
  const RuntimeFacts& runtime = x_facts.runtime;
  const std::string id = "runtime-directory";
  const std::string title = "runtime directory";
  if (!runtime.error.empty()) {
    Check& check = add(id, title, runtime.error);
    judge(check, Verdict::error, "no VM starts without sockets and state",
          "export QVM_RUNTIME_DIR=DIR, a short path of a directory that only you can write");
    return;
  }
  Check& check = add(id, title,
                     fmt::format("'{}' can be used; names of VMs may have up to {} bytes", runtime.path,
                                 runtime.longest_name));
  if (!runtime.unreachable.empty()) {
    check.found =
        fmt::format("'{}' is below '{}', which users of VMs cannot enter", runtime.path, runtime.unreachable);
    judge(check, Verdict::error, "a VM that runs as a user of its own does not reach its sockets",
          fmt::format("chmod a+x '{}'", runtime.unreachable));
  } else if (runtime.noexec) {
    check.found =
        fmt::format("'{}' can be used, but programs in it cannot be executed (noexec)", runtime.path);
    judge(
        check, Verdict::note,
        "plugins that users of VMs cannot read where they are installed cannot be copied there",
        fmt::format("mount -o remount,exec the file system of '{}', or install qvm where everybody can read "
                    "it",
                    runtime.path));
  }
}

void Examination::cache() {
  const CacheReport& cache = x_facts.cache;
  constexpr const char* kRemedy = "export QVM_CACHE_DIR=DIR, a directory that you can write and that lasts";
  Check& check = add("cache", "cache", fmt::format("'{}' can be used", cache.directory));
  if (!cache.error.empty()) {
    check.found = cache.error;
    judge(check, Verdict::warning, "QEMU is asked what it can do at every start, which takes seconds",
          kRemedy);
  } else if (!cache.why_not_kept.empty()) {
    check.found = fmt::format("{}; '{}' is used", cache.why_not_kept, cache.directory);
    judge(check, Verdict::note,
          "what was learnt about QEMU lasts as long as the runtime directory; the start after that takes "
          "seconds more",
          kRemedy);
  }
}

void Examination::machine_id() {
  if (x_facts.has_machine_id) {
    add("machine-id", "machine-id", "this host has one; addresses of network interfaces follow from it");
    return;
  }
  Check& check =
      add("machine-id", "machine-id", "this host has none; a random number in the cache stands for it");
  const bool lasts = x_facts.cache.why_not_kept.empty() && x_facts.cache.error.empty();
  judge(check, Verdict::note,
        fmt::format("addresses of network interfaces without 'mac' last as long as {}",
                    lasts ? "the cache" : "the runtime directory"),
        as_root("systemd-machine-id-setup"));
}

void Examination::vm_users() {
  const VmUserFacts& users = x_facts.vm_users;
  const std::string id = "vm-users";
  const std::string title = "users of VMs";
  constexpr const char* kRange = "export QVM_VM_UIDS=FIRST-LAST, a range that this container has";
  if (!users.error.empty()) {
    judge(add(id, title, users.error), Verdict::error, "no VM starts without a user to run as", kRange);
    return;
  }
  switch (users.kind) {
    case VmUserFacts::Kind::caller:
      add(id, title, fmt::format("VMs run as '{}': qvm was not started by root", x_facts.user));
      return;
    case VmUserFacts::Kind::own_range:
      add(id, title, fmt::format("each VM has a user of its own, of {}", users.text));
      return;
    case VmUserFacts::Kind::shared_account:
      judge(add(id, title, fmt::format("all VMs run as user '{}'", users.text)), Verdict::warning,
            "nothing but their configuration keeps VM processes apart", kRange);
      return;
    case VmUserFacts::Kind::root:
      judge(add(id, title, "all VMs run as root"), Verdict::warning,
            "a VM process that a guest takes over is root here", kRange);
      return;
  }
}

void Examination::files() {
  const LimitFacts& files = x_facts.files;
  Check& check = add("open-files", "open files",
                     fmt::format("up to {} per process (RLIMIT_NOFILE)", count_text(files.hard)));
  if (files.hard >= kEnoughFiles) return;
  judge(check, Verdict::warning, "large sets of VMs do not start",
        x_facts.container ? "start the container with --ulimit nofile=65536"
                          : fmt::format("sudo prlimit --pid $$ --nofile=65536, in this shell, before qvm"));
}

void Examination::processes() {
  const std::uint64_t most = std::min(x_facts.processes.hard, x_facts.control_group_processes);
  const bool group = x_facts.control_group_processes < x_facts.processes.hard;
  Check& check = add("processes", "processes",
                     fmt::format("up to {} with their threads ({})", count_text(most),
                                 group ? "pids.max of the control group" : "RLIMIT_NPROC"));
  if (most >= kEnoughProcesses) return;
  judge(check, Verdict::warning, "large sets of VMs do not start: each takes some ten threads",
        x_facts.container ? (group ? "start the container with --pids-limit=-1"
                                   : "start the container with --ulimit nproc=65536")
                          : (group ? "raise TasksMax= of the unit or slice"
                                   : "sudo prlimit --pid $$ --nproc=65536, in this shell, before qvm"));
}

// Limits that nobody needs and that end a VM in the middle of its work.
void Examination::sizes() {
  const bool file = x_facts.file_bytes.soft != kNoLimit;
  const bool space = x_facts.address_space.soft != kNoLimit;
  Check& check = add("size-limits", "size limits", "neither files nor address space are limited");
  if (!file && !space) return;
  check.found =
      file ? fmt::format("files may have at most {} (RLIMIT_FSIZE)", size_text(x_facts.file_bytes.soft))
           : fmt::format("a process may have at most {} of address space (RLIMIT_AS)",
                         size_text(x_facts.address_space.soft));
  judge(check, Verdict::warning,
        file ? "regions, disks and logs cannot grow beyond that"
             : "VMs with more memory, or with large regions, do not start",
        file ? "ulimit -f unlimited" : "ulimit -v unlimited");
}

void Examination::locked_memory() {
  Check& check = add("locked-memory", "locked memory", "");
  // Root may lock whatever it likes, if it has the capability; without it the limit counts.
  check.found = x_facts.locked_bytes.hard == kNoLimit
                    ? "regions with 'lock' are not limited"
                    : fmt::format("regions with 'lock' may have {} together (RLIMIT_MEMLOCK)",
                                  size_text(x_facts.locked_bytes.hard));
}

void Examination::memory() {
  Check& check = add(
      "memory", "memory",
      fmt::format("{} of {} available", size_text(x_facts.available_bytes), size_text(x_facts.memory_bytes)));
  if (x_facts.available_bytes >= kLittleMemory) return;
  judge(check, Verdict::warning, "VMs with more memory than that may be ended by the kernel",
        "end other programs, or give VMs less 'ram'");
}

void Examination::huge_pages() {
  add("huge-pages", "huge pages",
      fmt::format("{} of {} free for regions that require them; transparent ones for shared memory: {}",
                  x_facts.free_huge_pages, size_text(x_facts.huge_page_bytes),
                  x_facts.transparent_shmem.empty() ? "not in this kernel" : x_facts.transparent_shmem));
}

void Examination::security() {
  const SecurityFacts& security = x_facts.security;
  std::string found = "no security module confines VMs of qvm's own libvirt";
  if (!security.profile.empty())
    found = fmt::format("AppArmor confines this process ({})", security.profile);
  else if (security.selinux_enforcing)
    found = "SELinux is enforcing; VMs of qvm's own libvirt run in the caller's context";
  Check& check = add("security-modules", "security modules", found);
  if (!security.profile.empty()) {
    judge(check, Verdict::note, "the profile may forbid files that VMs need",
          "dmesg | grep apparmor, if a start fails");
    return;
  }
  if (security.libvirt_profiles.empty()) return;
  check.found += fmt::format("; AppArmor confines {}", fmt::join(security.libvirt_profiles, ", "));
  judge(check, Verdict::note, "VMs of --libvirt-uri qemu:///system cannot load qvm's plugins; others can",
        fmt::format("echo 'security_driver = \"none\"' | {} /etc/libvirt/qemu.conf, if you use that URI",
                    as_root("tee -a")));
}

void Examination::virtiofsd() {
  if (!x_facts.virtiofsd.empty()) {
    add("virtiofsd", "virtiofsd", fmt::format("'{}' serves directories to guests", x_facts.virtiofsd));
    return;
  }
  judge(add("virtiofsd", "virtiofsd", "there is none"), Verdict::note,
        "guests cannot mount directories of this host", install("virtiofsd", "virtiofsd"));
}

void Examination::start() {
  if (!x_facts.start) return;
  Check& check = add("start", "start",
                     fmt::format("a VM was set up and taken away in {:.1f} s", x_facts.start->seconds));
  if (x_facts.start->error.empty()) return;
  check.found = x_facts.start->error;
  judge(check, Verdict::error, "a VM with nothing but shared memory does not start",
        fmt::format("see '{}/log/qvmd.log'", x_facts.runtime.path));
}

}  // namespace

std::vector<Check> examine(const DoctorFacts& facts) {
  return Examination(facts).run();
}

bool usable(const std::vector<Check>& checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& check) { return check.verdict == Verdict::error; });
}

}  // namespace qvm::cli
