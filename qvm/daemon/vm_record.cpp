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

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of this file alone: neither the control protocol nor the plan, which has a version itself, is meant. 1 was
// a request of the control protocol.
constexpr int kFormat = 2;

}  // namespace

Result<void> write_record(const RuntimePaths& paths, const VmRecord& record) {
  const json value = {{"version", kFormat},
                      {"set", record.set},
                      {"since", record.since},
                      {"libvirt_uri", record.libvirt_uri},
                      {"owned", record.owned},
                      {"regions", value_to_json<json>(record.set_regions)},
                      {"plan", json::parse(plan::to_json(record.plan))}};
  return replace_file(paths.vm_record(record.plan.name),
                      value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<VmRecord> read_record(const RuntimePaths& paths, const std::string& vm) {
  const std::string path = paths.vm_record(vm);
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  try {
    const json value = json::parse(*text);
    if (const int format = value.at("version").get<int>(); format != kFormat)
      return fail(
          fmt::format("another release of qvm has started it ('{}' has format {}, this one writes {})", path,
                      format, kFormat));
    auto plan = plan::from_json(value.at("plan").dump());
    if (!plan) return fail_from(std::move(plan), path);
    if (plan->name != vm) return fail(fmt::format("'{}' is about VM '{}'", path, plan->name));
    VmRecord record{.plan = std::move(*plan),
                    .libvirt_uri = value.at("libvirt_uri").get<std::string>(),
                    .set = value.at("set").get<std::string>(),
                    .owned = value.at("owned").get<bool>(),
                    .since = value.at("since").get<std::int64_t>()};
    record.set_regions = value_from_json<std::vector<regions::RegionSpec>>(value.at("regions"), "regions");
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

}  // namespace qvm::daemon
