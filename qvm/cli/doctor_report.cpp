// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "qvm/cli/doctor_checks.h"

namespace qvm::cli {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::note:
      return "note";
    case Verdict::warning:
      return "warning";
    case Verdict::error:
      return "error";
  }
  return {};
}

std::string checks_to_text(const std::vector<Check>& checks) {
  std::size_t width = 0;
  for (const Check& check : checks) width = std::max(width, check.title.size());
  std::string text;
  for (const Check& check : checks) {
    text += fmt::format("{:<7}  {:<{}}  {}", to_string(check.verdict), check.title, width, check.found);
    if (!check.meaning.empty()) text += ": " + check.meaning;
    if (!check.remedy.empty()) text += "; to mend: " + check.remedy;
    text += '\n';
  }
  return text;
}

std::string checks_to_json(const std::vector<Check>& checks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    list.push_back({{"id", check.id},
                    {"title", check.title},
                    {"state", to_string(check.verdict)},
                    {"found", check.found},
                    {"meaning", check.meaning},
                    {"remedy", check.remedy}});
  }
  const nlohmann::ordered_json report = {{"version", 1}, {"usable", usable(checks)}, {"checks", list}};
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace qvm::cli
