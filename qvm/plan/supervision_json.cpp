// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/supervision_json.h"

#include <chrono>

namespace qvm::plan {
namespace {

constexpr Names<config::Condition::Kind, 4> kConditions = {{{config::Condition::Kind::started, "started"},
                                                            {config::Condition::Kind::region, "region"},
                                                            {config::Condition::Kind::clients, "clients"},
                                                            {config::Condition::Kind::console, "console"}}};

}  // namespace

Json condition_to_json(const config::Condition& condition) {
  Json json = {{"kind", name_of(kConditions, condition.kind)},
               {"vm", condition.vm},
               {"region", condition.region},
               {"clients", condition.clients},
               {"text", condition.text}};
  if (condition.timeout) json["timeout_ms"] = condition.timeout->count();
  return json;
}

config::Condition condition_from_json(const Json& json) {
  config::Condition condition;
  condition.kind = read_word(kConditions, json.at("kind").get<std::string>());
  get(json, "vm", condition.vm);
  get(json, "region", condition.region);
  get(json, "clients", condition.clients);
  get(json, "text", condition.text);
  if (const auto timeout = get_optional<std::int64_t>(json, "timeout_ms"))
    condition.timeout = std::chrono::milliseconds(*timeout);
  return condition;
}

Json restart_to_json(const config::RestartPolicy& restart) {
  Json json = {{"policy", name_of(config::kRestartNames, restart.when)}};
  put(json, "max_restarts", restart.max_restarts);
  json["delay_ms"] = restart.delay.count();
  json["max_delay_ms"] = restart.max_delay.count();
  json["stable_after_ms"] = restart.stable_after.count();
  return json;
}

config::RestartPolicy restart_from_json(const Json& json) {
  config::RestartPolicy restart;
  restart.when = read_word(config::kRestartNames, json.at("policy").get<std::string>());
  restart.max_restarts = get_optional<unsigned>(json, "max_restarts");
  const auto time = [&json](const char* key) {
    return std::chrono::milliseconds(json.at(key).get<std::int64_t>());
  };
  restart.delay = time("delay_ms");
  restart.max_delay = time("max_delay_ms");
  restart.stable_after = time("stable_after_ms");
  return restart;
}

}  // namespace qvm::plan
