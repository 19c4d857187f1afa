// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <nlohmann/json.hpp>

#include "tools/lint/reference.h"

namespace qvm::lint {
namespace {

using config::OptionSpec;
using config::OptionTable;
using Json = nlohmann::ordered_json;

// Keys are as in the tables; what is not said there is left out.
template <class Value>
void put(Json& json, const char* key, const Value& value) {
  if (!value.empty()) json[key] = value;
}

void put_flag(Json& json, const char* key, bool flag) {
  if (flag) json[key] = true;
}

void put_versions(Json& json, const config::VersionRange& versions) {
  if (versions.since != config::kOldestQnxVersion) json["since"] = to_string(versions.since);
  if (versions.until != config::kNewestQnxVersion) json["until"] = to_string(versions.until);
}

Json json_of(const config::Deprecation& deprecation) {
  Json json = Json::object();
  if (deprecation.since != config::kOldestQnxVersion) json["since"] = to_string(deprecation.since);
  put(json, "instead", deprecation.instead);
  put_flag(json, "renaming", deprecation.renaming);
  put(json, "note", deprecation.note);
  return json;
}

Json json_of(const config::SpecialValue& special) {
  Json json = Json::object();
  put(json, "value", special.value);
  put(json, "prefix", special.prefix);
  put_versions(json, special.versions);
  put(json, "architectures", special.architectures);
  if (special.deprecated) json["deprecated"] = json_of(*special.deprecated);
  put(json, "unsupported", special.unsupported);
  put_flag(json, "exact", special.exact);
  put(json, "note", special.note);
  return json;
}

Json json_of(const config::ArgumentSpec& argument) {
  Json json = {{"name", argument.name}, {"type", to_string(argument.type)}};
  put(json, "keywords", argument.keywords);
  if (argument.minimum) json["minimum"] = *argument.minimum;
  if (argument.maximum) json["maximum"] = *argument.maximum;
  put_flag(json, "length-required", argument.length_required);
  if (argument.default_length) json["default-length"] = *argument.default_length;
  for (const config::ArgumentSpec& part : argument.parts) json["parts"].push_back(json_of(part));
  put_flag(json, "optional", argument.optional);
  for (const config::SpecialValue& special : argument.special) json["special"].push_back(json_of(special));
  return json;
}

Json json_of(const OptionSpec& option) {
  Json json = {{"name", option.name}, {"usage", option.usage()}, {"documentation", option.documentation}};
  for (const config::ArgumentSpec& argument : option.arguments)
    json["arguments"].push_back(json_of(argument));
  put_flag(json, "repeatable", option.repeatable);
  put_flag(json, "keyed", option.keyed);
  put_flag(json, "required", option.required);
  put_flag(json, "opens-context", option.opens_context);
  put(json, "blobs", option.blobs);
  for (const config::SpecialValue& special : option.special_blobs)
    json["special-blobs"].push_back(json_of(special));
  put(json, "default", option.default_text);
  put(json, "architectures", option.architectures);
  put_versions(json, option.versions);
  if (option.deprecated) json["deprecated"] = json_of(*option.deprecated);
  put(json, "stands-for", option.stands_for);
  put(json, "origin", option.origin);
  put(json, "assumed", option.assumed);
  put(json, "unsupported", option.unsupported);
  put(json, "effect", option.effect);
  put(json, "effect-note", option.effect_note);
  return json;
}

Json json_of(const std::vector<OptionSpec>& options) {
  Json json = Json::array();
  for (const OptionSpec& option : options) json.push_back(json_of(option));
  return json;
}

const char* name_of(config::Location::Space space) {
  switch (space) {
    case config::Location::Space::memory:
      return "memory";
    case config::Location::Space::io:
      return "io";
    case config::Location::Space::pci:
      return "pci";
  }
  return "memory";
}

Json json_of(const config::Claim& claim) {
  Json json = {{"space", name_of(claim.space)}, {"length", claim.length}};
  if (claim.address) {
    json["address"] = *claim.address;
  } else {
    json["offset"] = claim.offset;
  }
  put(json, "unless", claim.unless);
  put(json, "when", claim.when);
  return json;
}

Json json_of(const OptionTable& table) {
  Json json = {{"documentation", table.documentation}};
  put(json, "architectures", table.architectures);
  put_versions(json, table.versions);
  put(json, "origin", table.origin);
  put(json, "assumed", table.assumed);
  put(json, "unsupported", table.unsupported);
  put(json, "left-out", table.left_out);
  put_flag(json, "open-options", table.open_options);
  put_flag(json, "implicit", table.implicit);
  if (table.interrupt_controller) json["interrupt-lines"] = table.interrupt_lines;
  if (table.default_location) {
    json["default-location"] = {{"space", name_of(table.default_location->space)},
                                {"address", table.default_location->address}};
  }
  put_flag(json, "location-required", table.location_required);
  put_flag(json, "interrupt-required-with-location", table.interrupt_required_with_location);
  for (const config::Claim& claim : table.claims) json["claims"].push_back(json_of(claim));
  put(json, "shares-lines-with", table.shares_lines_with);
  json["options"] = json_of(table.options);
  json["variables"] = json_of(table.variables);
  return json;
}

}  // namespace

std::string reference_json(const config::TableSet& tables) {
  Json json = {{"version", 1}};
  json["contexts"] = Json::object();
  for (const char* context : {"vm", "cpu", "reserve", "pass", "vdev-common"})
    json["contexts"][context] = json_of(tables.context(context));
  json["vdevs"] = Json::object();
  for (const std::string_view name : tables.vdev_names())
    json["vdevs"][std::string(name)] = json_of(*tables.vdev(name));
  return json.dump(2) + "\n";
}

}  // namespace qvm::lint
