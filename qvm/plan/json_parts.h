// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Helpers of the functions that write and read parts of a plan as JSON. Reading throws; from_json() catches.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "qvm/base/names.h"

namespace qvm::plan {

using Json = nlohmann::ordered_json;

template <class Enum, std::size_t N>
Enum read_word(const Names<Enum, N>& names, const std::string& text) {
  if (const auto value = value_of(names, text)) return *value;
  throw std::runtime_error("unknown value '" + text + "'");
}

template <class T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

template <class T>
std::optional<T> get_optional(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  return json.at(key).get<T>();
}

template <class T>
void get(const Json& json, const char* key, T& value) {
  value = json.at(key).get<T>();
}

template <class T, class Function>
Json write_list(const std::vector<T>& values, Function function) {
  Json json = Json::array();
  for (const T& value : values) json.push_back(function(value));
  return json;
}

template <class Function>
auto read_list(const Json& json, const char* key, Function function) {
  std::vector<decltype(function(json))> values;
  for (const Json& entry : json.at(key)) values.push_back(function(entry));
  return values;
}

}  // namespace qvm::plan
