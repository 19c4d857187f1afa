// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/domain_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "qvm/daemon/disk_files.h"
#include "qvm/daemon/protocol.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// QEMU writes a comma inside an option's value twice.
std::string with_double_commas(std::string_view path) {
  std::string text;
  for (const char c : path) text.append(c == ',' ? 2 : 1, c);
  return text;
}

bool replace_once(std::string& text, const std::string& from, const std::string& to) {
  const auto found = text.find(from);
  if (found == std::string::npos) return false;
  text.replace(found, from.size(), to);
  return true;
}

// Names `to` wherever the domain names `from`: as kernel or initrd, and in QEMU arguments.
void rename_file(pugi::xml_node domain, const std::string& from, const std::string& to) {
  for (const char* element : {"kernel", "initrd"}) {
    pugi::xml_node node = domain.child("os").child(element);
    if (node && from == node.text().get()) node.text().set(to.c_str());
  }
  for (pugi::xml_node argument : domain.child("qemu:commandline").children("qemu:arg")) {
    std::string value = argument.attribute("value").value();
    if (replace_once(value, "file=" + with_double_commas(from), "file=" + with_double_commas(to))) {
      argument.attribute("value").set_value(value.c_str());
    }
  }
}

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

// A plug-in that cannot be loaded would end QEMU with the loader's words; these say what to do.
Result<void> check_plugin(const std::optional<Identity>& who, const plan::VmPlan& plan) {
  const std::string plugin = plan.host.plugin_directory + "/libqvm-vmhost.so";
  if (::access(plugin.c_str(), F_OK) != 0) {
    return fail_errno(fmt::format("'{}' (is qvm installed completely?)", plugin));
  }
  if (readable_by(who, plugin)) return {};
  return fail(fmt::format(
      "{} cannot read '{}': install qvm where every user can read it, or give the VM a uid that can",
      describe(who ? who->uid : ::geteuid()), plugin));
}

}  // namespace

std::optional<Identity> identity_of(const plan::VmPlan& plan) {
  if (::geteuid() != 0 || !plan.host.uid) return std::nullopt;
  return Identity{.uid = *plan.host.uid, .gid = plan.host.gid.value_or(0)};
}

std::vector<std::string> terminals_of(const plan::VmPlan& plan) {
  std::vector<std::string> terminals;
  for (const vdevs::Relay& relay : plan.relays) {
    if (!relay.terminal.empty()) terminals.push_back(relay.terminal);
  }
  return terminals;
}

Result<void> put_console_log_aside(const RuntimePaths& paths, const std::string& vm) {
  const std::string log = paths.console_log(vm);
  if (::rename(log.c_str(), (log + ".1").c_str()) != 0 && errno != ENOENT) {
    return fail_errno(fmt::format("put the old '{}' aside", log));
  }
  return {};
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
  const std::string logs = paths.vm_logs(plan.name);
  if (::mkdir(logs.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(fmt::format("make '{}'", logs));
  return put_console_log_aside(paths, plan.name);
}

Result<StagedDomain> stage_files(const RuntimePaths& paths, const plan::VmPlan& plan,
                                 const std::function<void(const std::string&)>& note) {
  const auto who = identity_of(plan);
  pugi::xml_document document;
  if (const auto parsed = document.load_string(plan.domain_xml.c_str(), pugi::parse_full); !parsed) {
    return fail(fmt::format("the plan's domain is not XML: {}", parsed.description()));
  }
  for (const auto& [path, text] :
       {std::pair(plan.vmhost_json_path, plan.vmhost_json), std::pair(plan.acpi_table_path, plan.acpi_table),
        std::pair(plan.boot_code.path, plan.boot_code.bytes)}) {
    if (path.empty() || text.empty()) continue;
    if (fs::path(path).parent_path() != paths.vm(plan.name)) {
      return fail(
          fmt::format("the plan wants '{}' written, which is not in '{}'", path, paths.vm(plan.name)));
    }
    if (auto written = write_for(who, path, text); !written)
      return tl::unexpected(std::move(written.error()));
    if (!readable_by(who, path)) {
      return fail(
          fmt::format("{} cannot reach '{}': 'chmod a+x' the runtime directory '{}' and what is above it",
                      describe(who->uid), path, paths.root()));
    }
  }
  if (!plan.vmhost_json.empty()) {
    if (auto loadable = check_plugin(who, plan); !loadable)
      return tl::unexpected(std::move(loadable.error()));
  }
  unsigned number = 0;
  for (const std::string& file : guest_files(plan)) {
    if (readable_by(who, file)) continue;
    const std::string copy =
        fmt::format("{}/{}-{}", paths.vm(plan.name), number++, fs::path(file).filename().string());
    if (auto copied = copy_for(who, file, copy); !copied) return tl::unexpected(std::move(copied.error()));
    rename_file(document.child("domain"), file, copy);
  }
  auto disks = open_disks(plan.disks, who, document.child("domain"), note);
  if (!disks) return tl::unexpected(std::move(disks.error()));
  return StagedDomain{print(document), std::move(*disks)};
}

Result<void> write_record(const RuntimePaths& paths, const VmRecord& record) {
  const Request start{.operation = Request::Operation::start,
                      .plans = {plan::to_json(record.plan)},
                      .regions = record.set_regions,
                      .libvirt_uri = record.libvirt_uri,
                      .owned = record.owned};
  const json value = {{"version", 1}, {"set", record.set}, {"since", record.since}, {"start", encode(start)}};
  return write_for(std::nullopt, paths.vm_record(record.plan.name),
                   value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<VmRecord> read_record(const RuntimePaths& paths, const std::string& vm) {
  const std::string path = paths.vm_record(vm);
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(fmt::format("cannot read '{}'", path));
  try {
    const json value = json::parse(text.str());
    if (value.at("version").get<int>() != 1) return fail(fmt::format("'{}' is of another release", path));
    auto start = decode_request(value.at("start").get<std::string>());
    if (!start) return fail_from(std::move(start), path);
    auto plan = plan::from_json(start->plans.at(0));
    if (!plan) return fail_from(std::move(plan), path);
    return VmRecord{.plan = std::move(*plan),
                    .libvirt_uri = std::move(start->libvirt_uri),
                    .set = value.at("set").get<std::string>(),
                    .set_regions = std::move(start->regions),
                    .owned = start->owned,
                    .since = value.at("since").get<std::int64_t>()};
  } catch (const std::exception& error) {
    return fail(fmt::format("'{}' is damaged: {}", path, error.what()));
  }
}

Result<void> mark_started(const RuntimePaths& paths, const std::string& vm) {
  return write_for(std::nullopt, paths.vm(vm) + "/started", {});
}

bool is_marked_started(const RuntimePaths& paths, const std::string& vm) {
  return ::access((paths.vm(vm) + "/started").c_str(), F_OK) == 0;
}

std::vector<std::string> recorded_vms(const RuntimePaths& paths) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(paths.vms(), error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

void remove_vm_directory(const RuntimePaths& paths, const std::string& vm) {
  std::error_code error;
  fs::remove_all(paths.vm(vm), error);
}

}  // namespace qvm::daemon
