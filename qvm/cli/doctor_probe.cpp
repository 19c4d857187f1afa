// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/doctor_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "config/model/architecture.h"
#include "qvm/base/install_paths.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/whole_text.h"
#include "qvm/cli/doctor_host.h"
#include "qvm/cli/firmware.h"
#include "qvm/cli/helper_program.h"
#include "qvm/cli/host_id.h"
#include "qvm/cli/trial_vm.h"
#include "qvm/daemon/control/cache_place.h"
#include "qvm/daemon/files/file_access.h"
#include "qvm/host/embed_root.h"
#include "qvm/host/hypervisor.h"
#include "vdevs/proof.h"

namespace qvm::cli {
namespace {

namespace fs = std::filesystem;
using config::Architecture;

constexpr std::chrono::seconds kVersionPatience{10};
constexpr std::chrono::seconds kProofPatience{60};
constexpr std::chrono::seconds kStartPatience{120};

// A directory for the time of one question.
class Scratch {
 public:
  Scratch() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "qvm-doctor.XXXXXX").string();
    if (!error && ::mkdtemp(pattern.data()) != nullptr) x_path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!x_path.empty()) fs::remove_all(x_path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return x_path; }  // empty: there is none

 private:
  std::string x_path;
};

// Of the environment; has its value again when this object goes: programs that are started later inherit it.
class SavedVariable {
 public:
  explicit SavedVariable(const char* name) : x_name(name) {
    if (const char* value = std::getenv(name)) x_value = value;
  }
  ~SavedVariable() {
    if (x_value) {
      ::setenv(x_name, x_value->c_str(), 1);
    } else {
      ::unsetenv(x_name);
    }
  }
  SavedVariable(const SavedVariable&) = delete;
  SavedVariable& operator=(const SavedVariable&) = delete;

 private:
  const char* x_name;
  std::optional<std::string> x_value;
};

std::vector<std::string> missing_parts(const InstallPaths& install) {
  std::vector<std::string> missing;
  for (const std::string& path : {install.programs + "/qvmd", install.programs + "/qvm-regiond",
                                  install.programs + "/qvm-relay", install.plugins + "/libqvm-vmhost.so"}) {
    if (::access(path.c_str(), R_OK) != 0) missing.push_back("'" + path + "'");
  }
  return missing;
}

// The last line that says something: QEMU's own complaint, or vmhost's.
std::string essence(const HelperAnswer& answer) {
  const host::LastWords words = host::essence_of_output(answer.output);
  if (!words.text.empty()) return words.text;
  return answer.status > 128 ? fmt::format("it was ended by signal {}", answer.status - 128)
                             : fmt::format("it ended with status {}", answer.status);
}

// Empty if vmhost comes up in that QEMU, else why not.
std::string prove(const QemuFacts& qemu, const InstallPaths& install) {
  const Scratch scratch;
  if (scratch.path().empty()) return "no directory can be made for the proof: set TMPDIR";
  const std::string json = scratch.path() + "/vmhost.json";
  const auto accelerator =
      qemu.accelerator == "KVM" ? vdevs::ProofAccelerator::kvm : vdevs::ProofAccelerator::tcg;
  const auto machine = vdevs::proof_machine(qemu.architecture, accelerator,
                                            {.plugin_directory = install.plugins, .vmhost_json = json});
  std::ofstream(json) << machine.vmhost_json;
  std::vector<std::string> words = {qemu.program};
  words.insert(words.end(), machine.arguments.begin(), machine.arguments.end());
  const auto answer = run_helper(words, vdevs::kProofEnd, kProofPatience);
  if (!answer) return answer.error().message();
  // A machine that came up has answered its monitor's commands.
  const bool answered = answer->output.find("\"return\"") != std::string::npos;
  return answer->status == 0 && answered ? std::string() : essence(*answer);
}

// A KVM that can be opened and does not work is found out here.
QemuFacts probe_qemu(Architecture architecture, DoctorFacts& facts, const InstallPaths& install) {
  QemuFacts qemu{.architecture = architecture, .program = find_qemu(architecture)};
  if (qemu.program.empty()) return qemu;
  qemu.version = qemu_version(qemu.program);
  if (facts.kvm.open_message.empty() && architecture == facts.architecture) {
    qemu.accelerator = "KVM";
    qemu.proof = prove(qemu, install);
    if (qemu.proof.empty()) return qemu;
  }
  const std::string under_kvm = std::exchange(qemu.proof, {});
  qemu.accelerator = "TCG";
  qemu.proof = prove(qemu, install);
  if (qemu.proof.empty() && !under_kvm.empty())
    facts.kvm.open_message = fmt::format("no VM comes up under KVM, but under TCG ({})", under_kvm);
  return qemu;
}

LibvirtFacts probe_libvirt() {
  // libvirt writes of its own state to standard error, from its first call on.
  const SavedVariable outputs("LIBVIRT_LOG_OUTPUTS");
  ::setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
  LibvirtFacts libvirt{.library = host::libvirt_version(), .compiled = host::compiled_libvirt_version()};
  const Scratch scratch;
  if (scratch.path().empty()) {
    libvirt.error = "no directory can be made for it: set TMPDIR";
    return libvirt;
  }
  const SavedVariable user_directory("XDG_RUNTIME_DIR");
  host::provide_user_directory(scratch.path() + "/user");
  const auto opened = host::open_libvirt({.embed_root = scratch.path()}, [](const host::DomainEvent&) {});
  if (!opened) libvirt.error = opened.error().message();
  return libvirt;
}

// The longest name that a VM can have there.
std::size_t longest_name(const daemon::RuntimePaths& paths) {
  std::string name;
  while (name.size() < 64 && daemon::check_socket_lengths(paths, name + "x")) name += 'x';
  return name.size();
}

// The first directory on the way to path that who cannot enter; empty if he can enter all.
std::string unreachable_for(const daemon::VmUser& who, const fs::path& path) {
  fs::path way;
  for (const fs::path& part : path) {
    way /= part;
    if (!daemon::openable_by(who, (way / ".").string(), O_PATH)) return way.string();
  }
  return {};
}

// Takes directories away that were not there before, unless somebody has put something into them.
class Traces {
 public:
  explicit Traces(const daemon::RuntimePaths& paths) {
    const std::string cache = paths.root() + "/cache";
    for (const std::string& path : {cache + "/libvirt", cache, paths.vms(), paths.logs(), paths.root()}) {
      if (::access(path.c_str(), F_OK) != 0) x_missing.push_back(path);
    }
  }
  ~Traces() {
    for (const std::string& path : x_missing) ::rmdir(path.c_str());
  }
  Traces(const Traces&) = delete;
  Traces& operator=(const Traces&) = delete;

 private:
  std::vector<std::string> x_missing;
};

RuntimeFacts probe_runtime(const daemon::RuntimePaths& paths, const VmUserFacts& users) {
  RuntimeFacts runtime{.path = paths.root()};
  if (auto prepared = daemon::prepare_runtime_directory(paths); !prepared) {
    runtime.error = prepared.error().message();
  } else {
    runtime.longest_name = longest_name(paths);
    struct statvfs system {};
    runtime.noexec = ::statvfs(paths.root().c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0;
    if (users.kind == VmUserFacts::Kind::own_range)
      runtime.unreachable = unreachable_for({.uid = users.uid, .gid = users.uid}, paths.root());
  }
  return runtime;
}

CacheReport probe_cache(const daemon::RuntimePaths& paths) {
  CacheReport report;
  const auto cache = daemon::open_cache(paths);
  if (!cache) {
    report.error = cache.error().message();
    return report;
  }
  report.directory = cache->directory;
  report.why_not_kept = cache->why_not_kept;
  return report;
}

LimitFacts limit(int resource) {
  const ProcessLimit found = process_limit(resource);
  return {.soft = found.soft, .hard = found.hard};
}

void probe_limits(DoctorFacts& facts) {
  facts.files = limit(RLIMIT_NOFILE);
  facts.processes = limit(RLIMIT_NPROC);
  facts.locked_bytes = limit(RLIMIT_MEMLOCK);
  facts.file_bytes = limit(RLIMIT_FSIZE);
  facts.address_space = limit(RLIMIT_AS);
}

// What a qvm that failed complained about: an error in a configuration, else its last words.
std::string complaint(const HelperAnswer& answer) {
  constexpr std::string_view kError = ": error: ";
  std::istringstream lines(answer.output);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (const auto found = line.find(kError); found != std::string::npos)
      return line.substr(found + kError.size());
    if (line.starts_with("qvm: ")) last = line.substr(5);
  }
  return last.empty() ? fmt::format("qvm ended with status {}", answer.status) : last;
}

}  // namespace

std::vector<Architecture> guest_architectures() {
  if (host_architecture() == Architecture::aarch64) return {Architecture::aarch64, Architecture::x86_64};
  return {Architecture::x86_64, Architecture::aarch64};
}

std::string find_qemu(Architecture architecture) {
  return find_program(fmt::format("qemu-system-{}", config::to_string(architecture)));
}

std::string qemu_version(const std::string& program) {
  constexpr std::string_view kBefore = "version ";
  const auto answer = run_helper({program, "--version"}, {}, kVersionPatience);
  if (!answer || answer->status != 0) return {};
  const auto found = answer->output.find(kBefore);
  if (found == std::string::npos) return {};
  const std::string rest = answer->output.substr(found + kBefore.size());
  return rest.substr(0, rest.find_first_not_of("0123456789."));
}

DoctorFacts probe_host(const daemon::RuntimePaths& paths) {
  const auto install = InstallPaths::of_this_program();
  const Traces traces(paths);
  DoctorFacts facts;
  facts.uid = ::geteuid();
  facts.user = account_name(facts.uid);
  facts.architecture = host_architecture();
  facts.container = in_container();
  facts.packages = package_manager();
  facts.missing_parts = missing_parts(install);
  facts.kvm = probe_kvm();
  if (facts.missing_parts.empty()) {
    for (const Architecture architecture : guest_architectures())
      facts.qemu.push_back(probe_qemu(architecture, facts, install));
  }
  facts.libvirt = probe_libvirt();
  facts.firmware = find_firmware();
  facts.vm_users = probe_vm_users();
  facts.runtime = probe_runtime(paths, facts.vm_users);
  if (facts.runtime.error.empty()) facts.cache = probe_cache(paths);
  facts.has_machine_id = has_machine_id();
  probe_limits(facts);
  probe_memory(facts);
  facts.security = probe_security();
  facts.virtiofsd = find_virtiofsd();
  return facts;
}

StartFacts try_start(const daemon::RuntimePaths& paths, config::Architecture architecture) {
  StartFacts start;
  const Scratch scratch;
  const std::string image = scratch.path() + "/image";
  const std::string config = scratch.path() + "/doctor.qvmconf";
  std::ofstream(image, std::ios::binary) << trial_image(architecture);
  std::ofstream(config) << trial_config(architecture, fmt::format("qvm-doctor-{}", ::getpid()), image);
  const auto begin = std::chrono::steady_clock::now();
  // `dryrun` makes the VM and takes it away before its guest runs.
  const auto answer = run_helper({InstallPaths::of_this_program().programs + "/qvm", "--runtime-dir",
                                  paths.root(), "@" + config, "dryrun"},
                                 {}, kStartPatience);
  start.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!answer) {
    start.error = answer.error().message();
  } else if (answer->status != 0) {
    start.error = complaint(*answer);
  }
  return start;
}

}  // namespace qvm::cli
