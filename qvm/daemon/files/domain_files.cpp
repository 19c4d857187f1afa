// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/domain_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "qvm/base/log_limit.h"
#include "qvm/daemon/files/disk_files.h"
#include "qvm/daemon/files/renamed_files.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string print(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "  ");
  return text.str();
}

// Files that QEMU reads and that are copied if need be.
std::vector<std::string> guest_files(const plan::VmPlan& plan) {
  std::vector<std::string> files;
  for (const std::string& path : {plan.boot.kernel, plan.boot.initrd}) {
    if (!path.empty()) files.push_back(path);
  }
  for (const std::string& path : plan.boot.acpi_tables) files.push_back(path);
  for (const plan::Blob& blob : plan.blobs) files.push_back(blob.path);
  // A board's image is a blob as well.
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

// Files that the VM's process is given under another name than the plan has.
class FileNames {
 public:
  FileNames(const RuntimePaths& paths, const Staging& staging, const plan::VmPlan& plan)
      : x_paths(paths), x_staging(staging), x_plan(plan), x_who(identity_of(plan)) {}

  Result<RenamedFiles> find();

 private:
  Result<void> find_installed();
  Result<void> find_vmhost();
  Result<void> share(const std::string& file, StagingPlace::Use use);
  Result<void> copy(const std::string& file);
  Result<void> link_awkward();
  Result<void> link(const std::string& file);
  bool is_installed(const std::string& file) const;
  std::string own_path(const std::string& file) {
    return fmt::format("{}/{}-{}", x_paths.vm(x_plan.name), x_number++, plain_name(file));
  }

  const RuntimePaths& x_paths;
  const Staging& x_staging;
  const plan::VmPlan& x_plan;
  const std::optional<VmUser> x_who;
  RenamedFiles x_names;
  unsigned x_number = 0;
};

// A plug-in that cannot be loaded would end QEMU with the loader's words; these say what to do.
Result<void> FileNames::find_vmhost() {
  const std::string plugin = x_plan.host.plugin_directory + "/libqvm-vmhost.so";
  if (::access(plugin.c_str(), F_OK) != 0) {
    return fail_errno(fmt::format("'{}' (is qvm installed completely?)", plugin));
  }
  if (!x_who && !readable_by(x_who, plugin)) {
    return fail(fmt::format("{} cannot read '{}': install qvm where every user can read it",
                            describe(::geteuid()), plugin));
  }
  return share(plugin, StagingPlace::Use::load);
}

Result<void> FileNames::share(const std::string& file, StagingPlace::Use use) {
  // What is missing, QEMU or vmhost names better.
  if (!x_who || readable_by(x_who, file) || ::access(file.c_str(), F_OK) != 0) return {};
  x_names[file] = QVM_TRY(x_staging.place.stage(*x_who, file, use));
  return {};
}

// The user's own files stay what they are: nobody's but the VM's.
Result<void> FileNames::copy(const std::string& file) {
  if (readable_by(x_who, file)) return {};
  if (x_who && is_installed(file)) return share(file, StagingPlace::Use::read);
  const std::string path = own_path(file);
  QVM_TRY(copy_for(x_who, file, path));
  x_names[file] = path;
  return {};
}

bool FileNames::is_installed(const std::string& file) const {
  std::error_code error;
  const fs::path guests = fs::canonical(x_staging.guests, error);
  if (error) return false;
  const fs::path found = fs::canonical(file, error);
  if (error) return false;
  return std::mismatch(guests.begin(), guests.end(), found.begin(), found.end()).first == guests.end();
}

// QEMU takes several names in one text here, and has no way to write a separator inside a name.
Result<void> FileNames::link_awkward() {
  if (x_plan.boot.initrd.find_first_of(", ") != std::string::npos) {
    QVM_TRY(link(x_plan.boot.initrd));
  }
  for (const std::string& table : x_plan.boot.acpi_tables) {
    if (table.find(':') == std::string::npos) continue;
    QVM_TRY(link(table));
  }
  return {};
}

Result<void> FileNames::link(const std::string& file) {
  if (x_names.contains(file)) return {};
  const std::string path = own_path(file);
  ::unlink(path.c_str());
  if (::symlink(file.c_str(), path.c_str()) != 0) return fail_errno(fmt::format("make the link '{}'", path));
  x_names[file] = path;
  return {};
}

Result<void> FileNames::find_installed() {
  if (!x_plan.vmhost_json.empty()) {
    QVM_TRY(find_vmhost());
  }
  for (const std::string& object : vdev_objects(x_plan.vmhost_json)) {
    QVM_TRY(share(object, StagingPlace::Use::load));
  }
  if (x_plan.host.firmware_path.empty()) return {};
  return share(x_plan.host.firmware_path, StagingPlace::Use::read);
}

Result<RenamedFiles> FileNames::find() {
  QVM_TRY(find_installed());
  for (const std::string& file : guest_files(x_plan)) {
    QVM_TRY(copy(file));
  }
  QVM_TRY(link_awkward());
  return std::move(x_names);
}

}  // namespace

std::optional<VmUser> identity_of(const plan::VmPlan& plan) {
  if (::geteuid() != 0 || !plan.host.uid) return std::nullopt;
  return VmUser{.uid = *plan.host.uid, .gid = plan.host.gid.value_or(0)};
}

std::vector<std::string> terminals_of(const plan::VmPlan& plan) {
  std::vector<std::string> terminals;
  for (const vdevs::Relay& relay : plan.relays) {
    if (!relay.terminal.empty()) terminals.push_back(relay.terminal);
  }
  return terminals;
}

Result<void> prepare_logs(const RuntimePaths& paths, const std::string& vm) {
  // Somebody may have removed them while the VM ran. The second is libvirt's.
  std::error_code error;
  for (const std::string& directory : {paths.vm_logs(vm), paths.logs() + "/libvirt/qemu"}) {
    fs::create_directories(directory, error);
    if (error) return fail_errno(fmt::format("make '{}'", directory), error.value());
  }
  ::chmod(paths.vm_logs(vm).c_str(), 0700);
  const std::string log = paths.console_log(vm);
  if (::rename(log.c_str(), (log + ".1").c_str()) != 0 && errno != ENOENT) {
    return fail_errno(fmt::format("put the old '{}' aside", log));
  }
  return {};
}

void shorten_logs(const RuntimePaths& paths, const std::string& vm) {
  std::error_code error;
  for (fs::directory_iterator entry(paths.vm_logs(vm), error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    shorten_log(entry->path().string());
  }
  shorten_log(paths.logs() + "/libvirt/qemu/" + vm + ".log");
}

Result<void> make_vm_directories(const RuntimePaths& paths, const plan::VmPlan& plan) {
  // qvm-regiond takes this one away when it ends.
  if (::mkdir(paths.vms().c_str(), ::geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("make '{}'", paths.vms()));
  }
  remove_vm_directory(paths, plan.name);
  const std::string directory = paths.vm(plan.name);
  if (::mkdir(directory.c_str(), 0700) != 0) return fail_errno(fmt::format("make '{}'", directory));
  if (const auto who = identity_of(plan)) {
    if (::chown(directory.c_str(), static_cast<uid_t>(-1), who->gid) != 0 ||
        ::chmod(directory.c_str(), 0750) != 0) {
      return fail_errno(fmt::format("give group {} access to '{}'", who->gid, directory));
    }
  }
  return prepare_logs(paths, plan.name);
}

Result<StagedDomain> stage_files(const RuntimePaths& paths, const Staging& staging, const plan::VmPlan& plan,
                                 const std::string& uuid,
                                 const std::function<void(const std::string&)>& note) {
  const auto who = identity_of(plan);
  pugi::xml_document document;
  if (const auto parsed = document.load_string(plan.domain_xml.c_str(), pugi::parse_full); !parsed) {
    return fail(fmt::format("the plan's domain is not XML: {}", parsed.description()));
  }
  const std::string directory = paths.vm(plan.name);
  if (who && !openable_by(*who, directory + "/.", O_PATH)) {
    return fail(
        fmt::format("{} cannot reach '{}': 'chmod a+x' the runtime directory '{}' and what is above it",
                    describe(who->uid), directory, paths.root()));
  }
  auto names = QVM_TRY(FileNames(paths, staging, plan).find());
  const plan::BoardStart board = plan.board.value_or(plan::BoardStart());
  for (const auto& [path, text] :
       {std::pair(plan.vmhost_json_path, rename_objects(plan.vmhost_json, names)),
        std::pair(plan.acpi_table_path, plan.acpi_table), std::pair(board.code_path, board.code)}) {
    if (path.empty() || text.empty()) continue;
    if (fs::path(path).parent_path() != directory) {
      return fail(fmt::format("the plan wants '{}' written, which is not in '{}'", path, directory));
    }
    QVM_TRY(write_for(who, path, text));
  }
  document.child("domain").append_child("uuid").text() = uuid.c_str();
  rename_files(document.child("domain"), names);
  auto disks = QVM_TRY(open_disks(plan.disks, who, document.child("domain"), note));
  return StagedDomain{print(document), std::move(disks)};
}

void remove_vm_directory(const RuntimePaths& paths, const std::string& vm) {
  std::error_code error;
  // First: a successor takes a directory without a record for a remainder. With a record and without what
  // stood beside it, a VM that was stopped would look like one that has died, and would be started again.
  fs::remove(paths.vm_record(vm), error);
  fs::remove_all(paths.vm(vm), error);
}

}  // namespace qvm::daemon
