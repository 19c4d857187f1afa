// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/progress_file.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "qvm/base/json_fields.h"
#include "qvm/daemon/clock.h"
#include "qvm/daemon/file_access.h"
#include "qvm/daemon/vm_record.h"
#include "qvm/lifecycle/vm_status_fields.h"

namespace qvm {

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

using lifecycle::Progress;
using nlohmann::json;

// Files without a version are of this one.
constexpr int kProgressFormat = 1;

std::string path_of(const RuntimePaths& paths, const std::string& vm) {
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

}  // namespace

Result<void> write_progress(const RuntimePaths& paths, const std::string& vm, const Progress& progress) {
  json value = {{"version", kProgressFormat}};
  write_fields(value, progress);
  return replace_file(path_of(paths, vm), value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<Progress> read_progress(const RuntimePaths& paths, const std::string& vm) {
  const auto text = QVM_TRY(read_file(path_of(paths, vm)));
  try {
    json value = json::parse(text);
    if (const int format = value.contains("version") ? version_of(value) : kProgressFormat;
        format != kProgressFormat)
      return fail(other_format(path_of(paths, vm), format, kProgressFormat));
    complete(value);
    auto progress = read_fields<Progress>(value);
    if (!std::in_range<std::uint32_t>(progress.stop_timeout.count()))
      refuse_json("stop_timeout_ms", "is out of range");
    return progress;
  } catch (const std::exception& error) {
    return fail(fmt::format("'{}' is damaged: {}", path_of(paths, vm), error.what()));
  }
}

}  // namespace qvm::daemon
