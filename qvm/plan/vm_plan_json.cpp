// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// VmPlan as JSON, after schemas/plan.schema.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "qvm/plan/vm_plan.h"

#include "qvm/base/json_fields.h"
#include "qvm/plan/vm_plan_fields.h"

namespace qvm::plan {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

}  // namespace

std::string to_json(const VmPlan& plan) {
  Json json = {{"version", kVersion}};
  write_fields(json, plan);
  // Texts come from files of any encoding; what is not UTF-8 was refused before where it matters.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<VmPlan> from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (const int version = version_of(json); version != kVersion)
      return fail(fmt::format("read a plan: version {}, expected {}", version, kVersion));
    return read_fields<VmPlan>(json);
  } catch (const std::exception& problem) {
    return fail(std::string("read a plan: ") + problem.what());
  }
}

}  // namespace qvm::plan
