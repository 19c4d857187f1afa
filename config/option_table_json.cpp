// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/option_table_json.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

namespace qvm::config {
namespace {

using Json = nlohmann::json;

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
};

constexpr std::array kSpaces = {
    std::pair{Location::Space::memory, "memory"},
    std::pair{Location::Space::io, "io"},
    std::pair{Location::Space::pci, "pci"},
};

// Remembers the first problem; after it every read returns an empty value, so that readers need no checks.
class Problem {
 public:
  void report(const std::string& path, const std::string& text) {
    if (x_text.empty()) x_text = (path.empty() ? "/" : path) + ": " + text;
  }
  bool found() const { return !x_text.empty(); }
  const std::string& text() const { return x_text; }

 private:
  std::string x_text;
};

// One JSON object and the path to it.
class Object {
 public:
  Object(const Json& json, std::string path, Problem& problem, std::initializer_list<std::string_view> keys)
      : x_json(json), x_path(std::move(path)), x_problem(problem) {
    if (!x_json.is_object()) {
      x_problem.report(x_path, "must be an object");
      return;
    }
    for (const auto& [key, value] : x_json.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        x_problem.report(x_path + "/" + key, "unknown key");
    }
  }

  const Json* get(const char* key) const {
    if (!x_json.is_object()) return nullptr;
    const auto found = x_json.find(key);
    return found == x_json.end() ? nullptr : &*found;
  }
  std::string path(const char* key) const { return x_path + "/" + key; }
  const std::string& path() const { return x_path; }

  std::string text(const char* key, bool required = false) const {
    const Json* value = get(key);
    if (value == nullptr) {
      if (required) x_problem.report(path(key), "is missing");
      return {};
    }
    if (!value->is_string() || (required && value->get_ref<const std::string&>().empty())) {
      x_problem.report(path(key), "must be a string that is not empty");
      return {};
    }
    return value->get<std::string>();
  }

  bool flag(const char* key) const {
    const Json* value = get(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) {
      x_problem.report(path(key), "must be true or false");
      return false;
    }
    return value->get<bool>();
  }

  std::optional<std::uint64_t> number(const char* key) const {
    const Json* value = get(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_unsigned()) {
      x_problem.report(path(key), "must be a whole number of at least 0");
      return std::nullopt;
    }
    return value->get<std::uint64_t>();
  }

  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> result;
    each(key, [&](const Json& entry, const std::string& entry_path) {
      if (entry.is_string()) {
        result.push_back(entry.get<std::string>());
      } else {
        x_problem.report(entry_path, "must be a string");
      }
    });
    return result;
  }

  template <class Function>
  void each(const char* key, Function&& function) const {
    const Json* value = get(key);
    if (value == nullptr) return;
    if (!value->is_array()) {
      x_problem.report(path(key), "must be an array");
      return;
    }
    for (std::size_t i = 0; i < value->size(); ++i)
      function((*value)[i], path(key) + "/" + std::to_string(i));
  }

  template <class Table>
  auto choice(const char* key, const Table& table, decltype(table[0].first) fallback, bool required) const {
    auto chosen = fallback;
    const std::string word = text(key, required);
    if (word.empty()) return chosen;
    std::string allowed;
    for (const auto& [value, name] : table) {
      if (word == name) return value;
      allowed += allowed.empty() ? name : std::string(", ") + name;
    }
    x_problem.report(path(key), "'" + word + "' is none of " + allowed);
    return chosen;
  }

 private:
  const Json& x_json;
  std::string x_path;
  Problem& x_problem;
};

ArgumentSpec argument_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(json, path, problem,
                      {"name", "type", "keywords", "minimum", "maximum", "length-required"});
  ArgumentSpec argument;
  argument.name = object.text("name", true);
  argument.type = object.choice("type", kTypes, ArgumentType::text, true);
  argument.keywords = object.texts("keywords");
  argument.minimum = object.number("minimum");
  argument.maximum = object.number("maximum");
  argument.length_required = object.flag("length-required");
  const bool needs_keywords =
      argument.type == ArgumentType::keyword || argument.type == ArgumentType::keyword_list;
  if (needs_keywords && argument.keywords.empty()) problem.report(object.path("keywords"), "is missing");
  return argument;
}

OptionSpec option_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(
      json, path, problem,
      {"name", "arguments", "repeatable", "keyed", "required", "opens-context", "architectures", "default",
       "effect", "effect-note", "documentation", "prose", "blobs", "also-called", "unsupported"});
  OptionSpec option;
  option.name = object.text("name", true);
  object.each("arguments", [&](const Json& entry, const std::string& entry_path) {
    option.arguments.push_back(argument_from(entry, entry_path, problem));
  });
  option.repeatable = object.flag("repeatable");
  option.keyed = object.flag("keyed");
  option.required = object.flag("required");
  option.opens_context = object.flag("opens-context");
  option.prose = object.flag("prose");
  option.architectures = object.texts("architectures");
  option.blobs = object.texts("blobs");
  option.also_called = object.texts("also-called");
  option.default_text = object.text("default");
  option.unsupported = object.text("unsupported");
  option.effect = object.text("effect");
  option.effect_note = object.text("effect-note");
  option.documentation = object.text("documentation", true);
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
  return options;
}

Claim claim_from(const Json& json, const std::string& path, Problem& problem) {
  const Object object(json, path, problem, {"space", "address", "offset", "length"});
  Claim claim;
  claim.space = object.choice("space", kSpaces, Location::Space::memory, true);
  claim.address = object.number("address");
  claim.offset = object.number("offset").value_or(0);
  claim.length = object.number("length").value_or(0);
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
                      {"$schema", "name", "documentation", "architectures", "options", "variables", "claims",
                       "default-location", "default-space", "interrupt-controller", "interrupt-lines",
                       "location-required", "interrupt-required-with-location", "object", "unsupported",
                       "contexts", "shares-lines-with", "vdevs"});
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
    inner_tables(document, "vdevs", problem, file.vdevs);
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
