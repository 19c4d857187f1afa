// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/monitor_answer.h"

#include <nlohmann/json.hpp>
#include <string>

namespace qvm::host {

Result<void> read_monitor_answer(std::string_view json) {
  const auto answer = nlohmann::json::parse(json, nullptr, false);
  if (answer.is_object() && answer.contains("return")) return {};
  const nlohmann::json::json_pointer reason("/error/desc");
  if (answer.is_object() && answer.contains(reason) && answer[reason].is_string())
    return fail(answer[reason].get<std::string>());
  return fail("QEMU's monitor gives no reason");
}

}  // namespace qvm::host
