// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_table.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>

namespace qvm::cli {

namespace {

using Json = nlohmann::json;

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1024;
  if (bytes % (kKiB * kKiB * kKiB) == 0) return fmt::format("{}G", bytes / (kKiB * kKiB * kKiB));
  if (bytes % (kKiB * kKiB) == 0) return fmt::format("{}M", bytes / (kKiB * kKiB));
  return fmt::format("{}K", bytes / kKiB);
}

std::string table(const Json& json) {
  std::string text = fmt::format("{:<31}  {:>6}  {:<4}  {:>5}  {:>5}  {:>7}  {}\n", "NAME", "SIZE", "MODE",
                                 "OWNER", "GROUP", "DENIALS", "CLIENTS");
  for (const Json& region : json.at("regions")) {
    std::string clients;
    for (const Json& client : region.at("clients")) {
      clients += fmt::format("{}{}:{}{}", clients.empty() ? "" : ", ", client.at("index").get<unsigned>(),
                             client.at("who").get<std::string>(),
                             client.at("read_only").get<bool>() ? " (read-only)" : "");
    }
    text +=
        fmt::format("{:<31}  {:>6}  {:<4}  {:>5}  {:>5}  {:>7}  {}\n", region.at("name").get<std::string>(),
                    size_text(region.at("bytes").get<std::uint64_t>()), region.at("mode").get<std::string>(),
                    region.at("owner").get<std::uint64_t>(), region.at("group").get<std::uint64_t>(),
                    region.at("denials").get<std::uint64_t>(), clients.empty() ? "-" : clients);
  }
  return text;
}

}  // namespace

Result<std::string> region_table(const std::string& json) {
  try {
    return table(Json::parse(json));
  } catch (const Json::exception& error) {
    return fail(fmt::format("the answer of qvm-regiond is not understood: {}", error.what()));
  }
}

}  // namespace qvm::cli
