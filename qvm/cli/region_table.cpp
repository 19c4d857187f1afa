// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_table.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>

namespace qvm::cli {

namespace {

using Json = nlohmann::json;

std::string region_size(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1024;
  if (bytes % (kKiB * kKiB * kKiB) == 0) return fmt::format("{}G", bytes / (kKiB * kKiB * kKiB));
  if (bytes % (kKiB * kKiB) == 0) return fmt::format("{}M", bytes / (kKiB * kKiB));
  return fmt::format("{}K", bytes / kKiB);
}

std::string who_text(const Json& who) {
  std::string name = "a host program";
  if (who.at("kind") == "vm")
    name = fmt::format("{}/{}", who.at("vm").get<std::string>(), who.at("vdev").get<std::string>());
  std::string groups;
  for (const Json& group : who.at("groups")) groups += fmt::format(" {}", group.get<std::uint64_t>());
  return fmt::format("{}, uid {}, gid {}{}", name, who.at("uid").get<std::uint64_t>(),
                     who.at("gid").get<std::uint64_t>(), groups.empty() ? "" : ", groups" + groups);
}

std::string verdict_text(const Json& one) {
  const std::string status = fmt::format("status {} ({})", one.at("status").get<unsigned>(),
                                         one.at("status_name").get<std::string>());
  if (one.at("verdict") == "granted")
    return fmt::format("granted {}, {}", one.at("access").get<std::string>(), status);
  return fmt::format("refused with {}: {}", status, one.at("reason").get<std::string>());
}

std::string explanations(const Json& json) {
  std::string text;
  for (const Json& one : json.at("explanations")) {
    text += fmt::format("{}{} to '{}':\n", text.empty() ? "" : "\n", who_text(one.at("who")),
                        one.at("name").get<std::string>());
    for (const Json& layer : one.at("layers")) {
      const std::string place = layer.value("place", "");
      text += fmt::format("  {:<7}  {:<18}  {}{}\n", layer.at("outcome").get<std::string>(),
                          layer.at("layer").get<std::string>(), layer.at("text").get<std::string>(),
                          place.empty() ? "" : fmt::format(" ({})", place));
    }
    text += verdict_text(one) + "\n";
  }
  return text;
}

template <class Read>
auto read(const std::string& json, Read read_json) -> Result<decltype(read_json(Json()))> {
  try {
    return read_json(Json::parse(json));
  } catch (const Json::exception& error) {
    return fail(fmt::format("the answer of qvm-regiond is not understood: {}", error.what()));
  }
}

std::string time_text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::string client_line(const Json& client) {
  return fmt::format("  {:>2}:{}  since {}, {} signals{}\n", client.at("index").get<unsigned>(),
                     client.at("who").get<std::string>(), time_text(client.at("since").get<std::int64_t>()),
                     client.at("signals").get<std::uint64_t>(),
                     client.at("read_only").get<bool>() ? ", read-only" : "");
}

std::string table(const Json& json) {
  std::string text = fmt::format("{:<31}  {:>6}  {:<4}  {:>10}  {:>10}  {:>7}  {:>7}  {}\n", "NAME", "SIZE",
                                 "MODE", "OWNER", "GROUP", "CLIENTS", "SIGNALS", "DENIALS");
  for (const Json& region : json.at("regions")) {
    text += fmt::format("{:<31}  {:>6}  {:<4}  {:>10}  {:>10}  {:>7}  {:>7}  {}\n",
                        region.at("name").get<std::string>(),
                        region_size(region.at("bytes").get<std::uint64_t>()),
                        region.at("mode").get<std::string>(), region.at("owner").get<std::uint64_t>(),
                        region.at("group").get<std::uint64_t>(), region.at("clients").size(),
                        region.at("signals").get<std::uint64_t>(), region.at("denials").get<std::uint64_t>());
    for (const Json& client : region.at("clients")) text += client_line(client);
  }
  return text;
}

std::vector<std::string> held_by_manifest(const Json& json) {
  std::vector<std::string> names;
  for (const Json& region : json.at("regions")) {
    const Json& holders = region.at("held_by");
    if (std::find(holders.begin(), holders.end(), "manifest") != holders.end())
      names.push_back(region.at("name").get<std::string>());
  }
  return names;
}

}  // namespace

Result<std::string> region_table(const std::string& json) {
  return read(json, table);
}

Result<std::vector<std::string>> manifest_regions(const std::string& json) {
  return read(json, held_by_manifest);
}

Result<std::string> explanation_text(const std::string& json) {
  return read(json, explanations);
}

}  // namespace qvm::cli
