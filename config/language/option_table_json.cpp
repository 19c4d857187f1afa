// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/option_table_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/text/strict_json.h"

namespace qvm::config {
namespace {

constexpr std::array kTypes = {
    std::pair{ArgumentType::text, "text"},
    std::pair{ArgumentType::path, "path"},
    std::pair{ArgumentType::boolean, "boolean"},
    std::pair{ArgumentType::tristate, "tristate"},
    std::pair{ArgumentType::number, "number"},
    std::pair{ArgumentType::address, "address"},
    std::pair{ArgumentType::size, "size"},
    std::pair{ArgumentType::memory_spec, "memory-spec"},
    std::pair{ArgumentType::load_spec, "load-spec"},
    std::pair{ArgumentType::location, "location"},
    std::pair{ArgumentType::interrupt, "interrupt"},
    std::pair{ArgumentType::interrupt_list, "interrupt-list"},
    std::pair{ArgumentType::number_list, "number-list"},
    std::pair{ArgumentType::keyword, "keyword"},
    std::pair{ArgumentType::keyword_list, "keyword-list"},
    std::pair{ArgumentType::region_create, "region-create"},
    std::pair{ArgumentType::pattern, "pattern"},
    std::pair{ArgumentType::name, "name"},
    std::pair{ArgumentType::mode, "mode"},
    std::pair{ArgumentType::host_path, "host-path"},
    std::pair{ArgumentType::integer, "integer"},
    std::pair{ArgumentType::tuple, "tuple"},
    std::pair{ArgumentType::mac, "mac"},
    std::pair{ArgumentType::priority, "priority"},
    std::pair{ArgumentType::pci_register, "pci-register"},
    std::pair{ArgumentType::pass_location, "pass-location"},
    std::pair{ArgumentType::pass_interrupt, "pass-interrupt"},
};

constexpr std::array kSpaces = {
    std::pair{Location::Space::memory, "memory"},
    std::pair{Location::Space::io, "io"},
    std::pair{Location::Space::pci, "pci"},
};

QnxVersion version_from(const Object& object, const char* key, QnxVersion fallback, Problem& problem) {
  const std::string text = object.text(key);
  if (text.empty()) return fallback;
  if (const auto version = parse_qnx_version(text)) return *version;
  problem.report(object.path(key), "'" + text + "' is none of 7.0, 7.1, 8.0");
  return fallback;
}

VersionRange versions_from(const Object& object, Problem& problem) {
  VersionRange versions;
  versions.since = version_from(object, "since", kOldestQnxVersion, problem);
  versions.until = version_from(object, "until", kNewestQnxVersion, problem);
  if (versions.until < versions.since) problem.report(object.path("until"), "is before 'since'");
  return versions;
}

std::optional<Deprecation> deprecation_from(const Object& parent, Problem& problem) {
  const Json* json = parent.get("deprecated");
  if (json == nullptr) return std::nullopt;
  const Object object(*json, parent.path("deprecated"), problem, {"since", "instead", "renaming", "note"});
  Deprecation deprecation;
  deprecation.since = version_from(object, "since", kOldestQnxVersion, problem);
  deprecation.instead = object.text("instead");
  deprecation.renaming = object.flag("renaming");
  deprecation.note = object.text("note");
  if (deprecation.instead.empty() && (deprecation.renaming || deprecation.note.empty()))
    problem.report(object.path("instead"), "is missing");
  return deprecation;
}

SpecialValue special_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(
      json, path, problem,
      {"value", "prefix", "since", "until", "architectures", "deprecated", "unsupported", "note", "exact"});
  SpecialValue special;
  special.value = object.text("value");
  special.prefix = object.text("prefix");
  special.versions = versions_from(object, problem);
  special.architectures = object.texts("architectures");
  special.deprecated = deprecation_from(object, problem);
  special.unsupported = object.text("unsupported");
  special.note = object.text("note");
  special.exact = object.flag("exact");
  if (special.value.empty() == special.prefix.empty())
    problem.report(object.path(), "needs either 'value' or 'prefix'");
  return special;
}

ArgumentSpec argument_from(const Json& json, const std::string& path, Problem& problem, bool part) {
  const Object object(json, path, problem,
                      {"name", "type", "keywords", "minimum", "maximum", "length-required", "default-length",
                       "parts", "optional", "special"});
  ArgumentSpec argument;
  argument.name = object.text("name", true);
  argument.type = object.choice("type", kTypes, ArgumentType::text, true);
  argument.keywords = object.texts("keywords");
  argument.minimum = object.number("minimum");
  argument.maximum = object.number("maximum");
  argument.length_required = object.flag("length-required");
  argument.default_length = object.number("default-length");
  argument.optional = object.flag("optional");
  if (part && argument.type == ArgumentType::tuple) problem.report(object.path("type"), "tuples cannot nest");
  if (!part && argument.optional) problem.report(object.path("optional"), "is only for parts of a tuple");
  object.each("parts", [&](const Json& entry, const std::string& entry_path) {
    if (!part) argument.parts.push_back(argument_from(entry, entry_path, problem, true));
  });
  object.each("special", [&](const Json& entry, const std::string& entry_path) {
    argument.special.push_back(special_from(entry, entry_path, problem));
  });
  const bool needs_keywords =
      argument.type == ArgumentType::keyword || argument.type == ArgumentType::keyword_list;
  if (needs_keywords && argument.keywords.empty()) problem.report(object.path("keywords"), "is missing");
  if ((argument.type == ArgumentType::tuple) == argument.parts.empty())
    problem.report(object.path("parts"), argument.parts.empty() ? "is missing" : "is only for type 'tuple'");
  return argument;
}

OptionSpec option_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(
      json, path, problem,
      {"name",          "arguments",     "repeatable",  "keyed",        "required",    "default",
       "opens-context", "architectures", "effect",      "prose",        "effect-note", "documentation",
       "blobs",         "since",         "also-called", "unsupported",  "until",       "assumed",
       "deprecated",    "stands-for",    "origin",      "special-blobs"});
  OptionSpec option;
  option.name = object.text("name", true);
  object.each("arguments", [&](const Json& entry, const std::string& entry_path) {
    option.arguments.push_back(argument_from(entry, entry_path, problem, false));
  });
  option.repeatable = object.flag("repeatable");
  option.keyed = object.flag("keyed");
  option.required = object.flag("required");
  option.opens_context = object.flag("opens-context");
  option.prose = object.flag("prose");
  option.architectures = object.texts("architectures");
  option.blobs = object.texts("blobs");
  object.each("special-blobs", [&](const Json& entry, const std::string& entry_path) {
    option.special_blobs.push_back(special_from(entry, entry_path, problem));
  });
  option.also_called = object.texts("also-called");
  option.default_text = object.text("default");
  option.unsupported = object.text("unsupported");
  option.effect = object.text("effect");
  option.effect_note = object.text("effect-note");
  option.documentation = object.text("documentation", true);
  option.versions = versions_from(object, problem);
  option.deprecated = deprecation_from(object, problem);
  option.stands_for = object.text("stands-for");
  option.assumed = object.text("assumed");
  option.origin = object.text("origin");
  const std::array effects = {"", "mapped", "approximated", "none"};
  if (std::find(effects.begin(), effects.end(), option.effect) == effects.end()) {
    problem.report(object.path("effect"), "'" + option.effect + "' is none of mapped, approximated, none");
  }
  if ((option.effect == "approximated" || option.effect == "none") && option.effect_note.empty()) {
    problem.report(object.path("effect-note"), "is missing");
  }
  return option;
}

std::vector<OptionSpec> options_from(const Object& object, const char* key, Problem& problem) {
  std::vector<OptionSpec> options;
  object.each(key, [&](const Json& entry, const std::string& path) {
    OptionSpec option = option_from(entry, path, problem);
    const auto same = [&](const OptionSpec& other) { return other.name == option.name; };
    if (std::any_of(options.begin(), options.end(), same)) {
      problem.report(path, "'" + option.name + "' is listed twice");
    }
    options.push_back(std::move(option));
  });
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto meant = [&](const OptionSpec& other) {
      return other.name == options[i].stands_for && other.stands_for.empty() &&
             other.arguments.size() == options[i].arguments.size();
    };
    if (options[i].stands_for.empty() || std::any_of(options.begin(), options.end(), meant)) continue;
    problem.report(object.path(key) + "/" + std::to_string(i) + "/stands-for",
                   "'" + options[i].stands_for + "' is no option with as many arguments");
  }
  return options;
}

Claim claim_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(json, path, problem, {"space", "address", "offset", "length", "unless", "when"});
  Claim claim;
  claim.space = object.choice("space", kSpaces, Location::Space::memory, true);
  claim.address = object.number("address");
  claim.offset = object.number("offset").value_or(0);
  claim.length = object.number("length").value_or(0);
  claim.unless = object.texts("unless");
  claim.when = object.texts("when");
  if (claim.length == 0) problem.report(object.path("length"), "must be at least 1");
  return claim;
}

std::optional<Location> location_from(const Object& parent, Problem& problem) {
  const Json* json = parent.get("default-location");
  if (json == nullptr) return std::nullopt;
  const Object object(*json, parent.path("default-location"), problem, {"space", "address"});
  Location location;
  location.space = object.choice("space", kSpaces, Location::Space::memory, true);
  const auto address = object.number("address");
  if (!address) problem.report(object.path("address"), "is missing");
  location.address = address.value_or(0);
  return location;
}

OptionTable table_from(const Json& json, const std::string& path, std::string_view expected_name,
                       Problem& problem) {
  const Object object(json, path, problem,
                      {"$schema",
                       "name",
                       "documentation",
                       "architectures",
                       "options",
                       "variables",
                       "claims",
                       "default-location",
                       "default-space",
                       "interrupt-controller",
                       "interrupt-lines",
                       "location-required",
                       "interrupt-required-with-location",
                       "object",
                       "unsupported",
                       "left-out",
                       "contexts",
                       "shares-lines-with",
                       "since",
                       "until",
                       "open-options",
                       "implicit",
                       "assumed",
                       "origin"});
  OptionTable table;
  table.name = object.text("name", true);
  if (!table.name.empty() && table.name != expected_name) {
    problem.report(object.path("name"),
                   "must be '" + std::string(expected_name) + "', as the file is called");
  }
  table.documentation = object.text("documentation", true);
  table.architectures = object.texts("architectures");
  table.options = options_from(object, "options", problem);
  table.variables = options_from(object, "variables", problem);
  object.each("claims", [&](const Json& entry, const std::string& entry_path) {
    table.claims.push_back(claim_from(entry, entry_path, problem));
  });
  table.default_location = location_from(object, problem);
  table.default_space = object.choice("default-space", kSpaces, Location::Space::memory, false);
  table.interrupt_controller = object.flag("interrupt-controller");
  const std::uint64_t lines = object.number("interrupt-lines").value_or(0);
  if (lines > 4096) problem.report(object.path("interrupt-lines"), "must be at most 4096");
  table.interrupt_lines = static_cast<std::uint32_t>(lines);
  table.shares_lines_with = object.texts("shares-lines-with");
  table.location_required = object.flag("location-required");
  table.interrupt_required_with_location = object.flag("interrupt-required-with-location");
  table.object = object.text("object");
  if (table.object.find('/') != std::string::npos)
    problem.report(object.path("object"), "must not contain '/'");
  table.unsupported = object.text("unsupported");
  table.left_out = object.text("left-out");
  table.versions = versions_from(object, problem);
  table.open_options = object.flag("open-options");
  table.implicit = object.flag("implicit");
  table.assumed = object.text("assumed");
  table.origin = object.text("origin");
  return table;
}

void inner_tables(const Json& json, const char* key, Problem& problem,
                  std::map<std::string, OptionTable, std::less<>>& tables) {
  if (!json.is_object() || !json.contains(key)) return;
  const Json& inner = json.at(key);
  const std::string path = std::string("/") + key;
  if (!inner.is_object()) {
    problem.report(path, "must be an object");
    return;
  }
  for (const auto& [name, value] : inner.items()) {
    tables.emplace(name, table_from(value, path + "/" + name, name, problem));
  }
}

}  // namespace

std::string_view to_string(ArgumentType type) {
  for (const auto& [value, name] : kTypes) {
    if (value == type) return name;
  }
  return "text";
}

Result<TableFile> parse_table_file(std::string_view file_name, std::string_view expected_name,
                                   std::string_view json) {
  try {
    const Json document = Json::parse(json);
    Problem problem;
    TableFile file;
    file.table = table_from(document, "", expected_name, problem);
    inner_tables(document, "contexts", problem, file.contexts);
    if (problem.found()) return fail(std::string(file_name) + ": " + problem.text());
    return file;
  } catch (const std::exception& error) {
    return fail(std::string(file_name) + ": " + error.what());
  }
}

Result<OptionTable> OptionTable::from_json(std::string_view name, std::string_view json) {
  auto file = parse_table_file(std::string(name) + ".json", name, json);
  if (!file) return tl::unexpected<Error>(std::move(file.error()));
  return std::move(file->table);
}

}  // namespace qvm::config
