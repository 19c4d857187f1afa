// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/vm_record.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "qvm/base/json_fields.h"
#include "qvm/daemon/file_access.h"
#include "qvm/regions/policy_fields.h"

namespace qvm {

// The plan is written as an object of its own, with a version of its own. What is foreign is never written.
template <>
inline constexpr auto kFields<daemon::VmRecord> =
    std::tuple{Field{"set", &daemon::VmRecord::set}, Field{"since", &daemon::VmRecord::since},
               Field{"libvirt_uri", &daemon::VmRecord::libvirt_uri}, Field{"owned", &daemon::VmRecord::owned},
               Field{"regions", &daemon::VmRecord::set_regions}};

}  // namespace qvm

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of this file alone: neither the control protocol nor the plan, which has a version itself, is meant. 1 was
// a request of the control protocol.
constexpr int kFormat = 2;

}  // namespace

std::string other_format(const std::string& path, int format, int ours) {
  return fmt::format("another release of qvm has started it ('{}' has format {}, this one writes {})", path,
                     format, ours);
}

Result<void> write_record(const RuntimePaths& paths, const VmRecord& record) {
  json value = {{"version", kFormat}, {"plan", json::parse(plan::to_json(record.plan))}};
  write_fields(value, record);
  return replace_file(paths.vm_record(record.plan.name),
                      value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<VmRecord> read_record(const RuntimePaths& paths, const std::string& vm) {
  const std::string path = paths.vm_record(vm);
  const auto text = QVM_TRY(read_file(path));
  try {
    const json value = json::parse(text);
    if (const int format = version_of(value); format != kFormat)
      return fail(other_format(path, format, kFormat));
    auto plan = plan::from_json(value.at("plan").dump());
    if (!plan) return fail_from(std::move(plan), path);
    if (plan->name != vm) return fail(fmt::format("'{}' is about VM '{}'", path, plan->name));
    auto record = read_fields<VmRecord>(value);
    record.plan = std::move(*plan);
    return record;
  } catch (const std::exception& error) {
    return fail(fmt::format("'{}' is damaged: {}", path, error.what()));
  }
}

VmRecord foreign_record(const RuntimePaths& paths, const std::string& vm) {
  VmRecord record;
  record.plan.name = vm;
  record.foreign = true;
  const auto text = read_file(paths.vm_record(vm));
  const json value = json::parse(text.value_or(std::string()), nullptr, false);
  if (value.is_object() && value.contains("libvirt_uri") && value["libvirt_uri"].is_string())
    record.libvirt_uri = value["libvirt_uri"].get<std::string>();
  return record;
}

Result<void> mark_starting(const RuntimePaths& paths, const std::string& vm) {
  return write_for(std::nullopt, paths.vm(vm) + "/starting", {});
}

Result<void> mark_started(const RuntimePaths& paths, const std::string& vm) {
  const std::string mark = paths.vm(vm) + "/started";
  // Takes no room, which there may not be by now.
  if (::rename((paths.vm(vm) + "/starting").c_str(), mark.c_str()) == 0) return {};
  return write_for(std::nullopt, mark, {});
}

bool is_marked_started(const RuntimePaths& paths, const std::string& vm) {
  // What cannot be told is no half of a start.
  return ::access((paths.vm(vm) + "/started").c_str(), F_OK) == 0 || errno != ENOENT;
}

Result<std::vector<std::string>> recorded_vms(const RuntimePaths& paths) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(paths.vms(), error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(fmt::format("read '{}'", paths.vms()), error.value());
  return names;
}

}  // namespace qvm::daemon
