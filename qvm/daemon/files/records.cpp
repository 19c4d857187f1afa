// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/records.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "qvm/base/json_fields.h"
#include "qvm/base/vm_name.h"
#include "qvm/base/whole_text.h"
#include "qvm/daemon/control/protocol.h"
#include "qvm/daemon/files/clock.h"
#include "qvm/daemon/files/file_access.h"
#include "qvm/lifecycle/vm_status_fields.h"
#include "qvm/regions/model/policy_fields.h"

namespace qvm {

// The plan is written as an object of its own, with a version of its own. What is foreign is never written.
template <>
inline constexpr auto kFields<daemon::VmRecord> =
    std::tuple{Field{"set", &daemon::VmRecord::set}, Field{"since", &daemon::VmRecord::since},
               Field{"libvirt_uri", &daemon::VmRecord::libvirt_uri}, Field{"owned", &daemon::VmRecord::owned},
               Field{"regions", &daemon::VmRecord::set_regions}};

template <>
inline constexpr auto kWords<lifecycle::Progress::Phase> =
    Names<lifecycle::Progress::Phase, 6>{{{lifecycle::Progress::Phase::creating, "creating"},
                                          {lifecycle::Progress::Phase::waiting, "waiting"},
                                          {lifecycle::Progress::Phase::running, "running"},
                                          {lifecycle::Progress::Phase::restarting, "restarting"},
                                          {lifecycle::Progress::Phase::stopping, "stopping"},
                                          {lifecycle::Progress::Phase::leaving, "leaving"}}};

// NAME_ms: of the wall clock, since 1970. NAME_boot_ms: since the host was booted.
template <>
inline constexpr auto kFields<lifecycle::Progress> =
    std::tuple{Field{"phase", &lifecycle::Progress::phase},
               Field{"since_ms", part(&lifecycle::Progress::since, &lifecycle::Time::wall_ms)},
               Field{"since_boot_ms", part(&lifecycle::Progress::since, &lifecycle::Time::ticks)},
               Field{"due_ms", part(&lifecycle::Progress::due, &lifecycle::Time::wall_ms)},
               Field{"due_boot_ms", part(&lifecycle::Progress::due, &lifecycle::Time::ticks)},
               Field{"in_a_row", &lifecycle::Progress::in_a_row},
               Field{"restarts", &lifecycle::Progress::restarts},
               Field{"stop_wanted", &lifecycle::Progress::stop_wanted},
               Field{"stop_timeout_ms", &lifecycle::Progress::stop_timeout},
               Field{"outcome", &lifecycle::Progress::outcome},
               Field{"reason", &lifecycle::Progress::reason}};

}  // namespace qvm

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using lifecycle::Progress;
using nlohmann::json;

// Of plan.json alone: neither the control protocol nor the plan, which has a version itself, is meant. 1 was
// a request of the control protocol.
constexpr int kRecordFormat = 2;

// Files without a version are of this one.
constexpr int kProgressFormat = 1;

std::string progress_file(const RuntimePaths& paths, const std::string& vm) {
  return paths.vm(vm) + "/progress.json";
}

// Adds what qvmd 0.1 did not write.
void complete(json& value) {
  const lifecycle::Time present = now();
  for (const std::string name : {"since", "due"}) {
    if (!value.contains(name + "_boot_ms"))
      value[name + "_boot_ms"] =
          present.ticks.count() + value.at(name + "_ms").get<std::int64_t>() - present.wall_ms;
  }
  if (!value.contains("stop_wanted")) value["stop_wanted"] = value.at("phase") == "stopping";
}

std::string end_file(const RuntimePaths& paths, const std::string& vm) {
  return paths.vm_logs(vm) + "/end.json";
}

// Why a file cannot be used that has another format than ours, without being damaged.
std::string other_format(const std::string& path, int format, int ours) {
  return fmt::format("another release of qvm has started it ('{}' has format {}, this one writes {})", path,
                     format, ours);
}

}  // namespace

Result<void> write_record(const RuntimePaths& paths, const VmRecord& record) {
  json value = {{"version", kRecordFormat}, {"plan", json::parse(plan::to_json(record.plan))}};
  write_fields(value, record);
  return replace_file(paths.vm_record(record.plan.name),
                      value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<VmRecord> read_record(const RuntimePaths& paths, const std::string& vm) {
  const std::string path = paths.vm_record(vm);
  const auto text = QVM_TRY(read_file(path));
  try {
    const json value = json::parse(text);
    if (const int format = version_of(value); format != kRecordFormat)
      return fail(other_format(path, format, kRecordFormat));
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

Result<void> write_progress(const RuntimePaths& paths, const std::string& vm, const Progress& progress) {
  json value = {{"version", kProgressFormat}};
  write_fields(value, progress);
  return replace_file(progress_file(paths, vm), value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<Progress> read_progress(const RuntimePaths& paths, const std::string& vm) {
  const auto text = QVM_TRY(read_file(progress_file(paths, vm)));
  try {
    json value = json::parse(text);
    if (const int format = value.contains("version") ? version_of(value) : kProgressFormat;
        format != kProgressFormat)
      return fail(other_format(progress_file(paths, vm), format, kProgressFormat));
    complete(value);
    auto progress = read_fields<Progress>(value);
    if (!std::in_range<std::uint32_t>(progress.stop_timeout.count()))
      refuse_json("stop_timeout_ms", "is out of range");
    return progress;
  } catch (const std::exception& error) {
    return fail(fmt::format("'{}' is damaged: {}", progress_file(paths, vm), error.what()));
  }
}

Result<void> remember_end(const RuntimePaths& paths, const VmStatus& status) {
  return replace_file(end_file(paths, status.name), encode({.kind = Reply::Kind::vm, .vms = {status}}));
}

void forget_end(const RuntimePaths& paths, const std::string& vm) {
  ::unlink(end_file(paths, vm).c_str());
}

std::vector<VmStatus> remembered_ends(const RuntimePaths& paths) {
  std::vector<VmStatus> ends;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(paths.logs(), ignored)) {
    const std::string name = entry.path().filename();
    if (!is_vm_name(name)) continue;
    const auto text = read_file(end_file(paths, name));
    if (!text) continue;
    auto said = decode_reply(*text);
    if (!said || said->vms.size() != 1) continue;
    VmStatus& status = said->vms.front();
    if (status.name == name && status.over()) ends.push_back(std::move(status));
  }
  return ends;
}

}  // namespace qvm::daemon
