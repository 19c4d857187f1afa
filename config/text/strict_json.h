// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// JSON objects read strictly: unknown keys and wrong types are told with their path. Inside config/ only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qvm::config {

using Json = nlohmann::json;

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

}  // namespace qvm::config
