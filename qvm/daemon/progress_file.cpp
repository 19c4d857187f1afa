// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/progress_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "qvm/base/names.h"
#include "qvm/daemon/clock.h"
#include "qvm/daemon/file_access.h"

namespace qvm::daemon {
namespace {

using lifecycle::Progress;
using lifecycle::Ticks;
using lifecycle::Time;
using nlohmann::json;
using Phase = Progress::Phase;

constexpr Names<Phase, 6> kPhases = {{{Phase::creating, "creating"},
                                      {Phase::waiting, "waiting"},
                                      {Phase::running, "running"},
                                      {Phase::restarting, "restarting"},
                                      {Phase::stopping, "stopping"},
                                      {Phase::leaving, "leaving"}}};

std::string path_of(const RuntimePaths& paths, const std::string& vm) {
  return paths.vm(vm) + "/progress.json";
}

// NAME_ms: of the wall clock, since 1970. NAME_boot_ms: since the host was booted; qvmd 0.1 did not write it.
Time time_from(const json& value, const std::string& name) {
  Time time{.wall_ms = value.at(name + "_ms").get<std::int64_t>()};
  if (const auto ticks = value.find(name + "_boot_ms"); ticks != value.end()) {
    time.ticks = Ticks(ticks->get<std::int64_t>());
  } else {
    const Time present = now();
    time.ticks = present.ticks + Ticks(time.wall_ms - present.wall_ms);
  }
  return time;
}

}  // namespace

Result<void> write_progress(const RuntimePaths& paths, const std::string& vm, const Progress& progress) {
  const json value = {{"phase", name_of(kPhases, progress.phase)},
                      {"since_ms", progress.since.wall_ms},
                      {"since_boot_ms", progress.since.ticks.count()},
                      {"due_ms", progress.due.wall_ms},
                      {"due_boot_ms", progress.due.ticks.count()},
                      {"in_a_row", progress.in_a_row},
                      {"restarts", progress.restarts},
                      {"stop_wanted", progress.stop_wanted},
                      {"stop_timeout_ms", progress.stop_timeout.count()},
                      {"outcome", to_string(progress.outcome)},
                      {"reason", progress.reason}};
  return replace_file(path_of(paths, vm), value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<Progress> read_progress(const RuntimePaths& paths, const std::string& vm) {
  const auto text = read_file(path_of(paths, vm));
  if (!text) return tl::unexpected(text.error());
  const auto damaged = [&] { return fail(fmt::format("'{}' is damaged", path_of(paths, vm))); };
  const json value = json::parse(*text, nullptr, false);
  try {
    Progress progress;
    const auto phase = value_of(kPhases, value.at("phase").get<std::string>());
    const auto outcome = lifecycle::outcome_from(value.at("outcome").get<std::string>());
    if (!phase || !outcome) return damaged();
    progress.phase = *phase;
    progress.outcome = *outcome;
    progress.since = time_from(value, "since");
    progress.due = time_from(value, "due");
    progress.in_a_row = value.at("in_a_row").get<unsigned>();
    progress.restarts = value.at("restarts").get<std::uint32_t>();
    progress.stop_wanted = value.value("stop_wanted", *phase == Phase::stopping);
    progress.stop_timeout = Ticks(value.at("stop_timeout_ms").get<std::uint32_t>());
    progress.reason = value.at("reason").get<std::string>();
    return progress;
  } catch (const json::exception&) {
    return damaged();
  }
}

}  // namespace qvm::daemon
