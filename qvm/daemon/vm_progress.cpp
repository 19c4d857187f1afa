// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/vm_progress.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "qvm/base/names.h"
#include "qvm/daemon/file_access.h"

namespace qvm::daemon {
namespace {

using nlohmann::json;
using Phase = VmProgress::Phase;

constexpr Names<Phase, 5> kPhases = {{{Phase::creating, "creating"},
                                      {Phase::waiting, "waiting"},
                                      {Phase::running, "running"},
                                      {Phase::restarting, "restarting"},
                                      {Phase::stopping, "stopping"}}};

std::string path_of(const RuntimePaths& paths, const std::string& vm) {
  return paths.vm(vm) + "/progress.json";
}

}  // namespace

Result<void> write_progress(const RuntimePaths& paths, const std::string& vm, const VmProgress& progress) {
  const json value = {{"phase", name_of(kPhases, progress.phase)},
                      {"since_ms", progress.since_ms},
                      {"due_ms", progress.due_ms},
                      {"in_a_row", progress.in_a_row},
                      {"restarts", progress.restarts},
                      {"stop_timeout_ms", progress.stop_timeout_ms},
                      {"outcome", to_string(progress.outcome)},
                      {"reason", progress.reason}};
  return replace_file(path_of(paths, vm), value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::optional<VmProgress> read_progress(const RuntimePaths& paths, const std::string& vm) {
  std::ifstream file(path_of(paths, vm));
  std::stringstream text;
  text << file.rdbuf();
  const json value = json::parse(text.str(), nullptr, false);
  try {
    VmProgress progress;
    const auto phase = value_of(kPhases, value.at("phase").get<std::string>());
    const auto outcome = outcome_from(value.at("outcome").get<std::string>());
    if (!phase || !outcome) return std::nullopt;
    progress.phase = *phase;
    progress.outcome = *outcome;
    progress.since_ms = value.at("since_ms").get<std::int64_t>();
    progress.due_ms = value.at("due_ms").get<std::int64_t>();
    progress.in_a_row = value.at("in_a_row").get<unsigned>();
    progress.restarts = value.at("restarts").get<std::uint32_t>();
    progress.stop_timeout_ms = value.at("stop_timeout_ms").get<std::uint32_t>();
    progress.reason = value.at("reason").get<std::string>();
    return progress;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace qvm::daemon
