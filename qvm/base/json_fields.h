// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Described structs (qvm/base/fields.h) as JSON: objects with a key for every field. Enumerations are words,
// durations are numbers of their unit, an optional without a value is absent, and so is a variant that holds
// a std::monostate.
//
// Reading is strict: a key that is missing, a value of another type (also 1.0 for 1), a number that its
// member cannot hold and an unknown word are std::runtime_errors that begin with the place: "disks[2].name:
// is missing". Keys that nobody described are ignored. Json is any of nlohmann's.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "qvm/base/fields.h"
#include "qvm/base/hex.h"

namespace qvm {

// What kind of member a type is, beside enumerations and described structs.
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVariant = false;
template <class... Ts>
inline constexpr bool kIsVariant<std::variant<std::monostate, Ts...>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsDuration = false;
template <class Count, class Unit>
inline constexpr bool kIsDuration<std::chrono::duration<Count, Unit>> = true;

template <class Json, class T>
void write_fields(Json& json, const T& value);

template <class Json, class T>
Json value_to_json(const T& value, FieldForm form = FieldForm::plain) {
  if constexpr (Described<T>) {
    Json json = Json::object();
    write_fields(json, value);
    return json;
  } else if constexpr (kIsVariant<T>) {
    return std::visit(
        [](const auto& held) -> Json {
          if constexpr (std::is_same_v<decltype(held), const std::monostate&>) {
            return nullptr;
          } else {
            return value_to_json<Json>(held);
          }
        },
        value);
  } else if constexpr (kIsVector<T>) {
    Json json = Json::array();
    for (const auto& entry : value) json.push_back(value_to_json<Json>(entry));
    return json;
  } else if constexpr (std::is_enum_v<T>) {
    return name_of(kWords<T>, value);
  } else if constexpr (kIsDuration<T>) {
    return value.count();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return form == FieldForm::hex ? to_hex(value) : value;
  } else {
    return value;
  }
}

// Adds the fields of value to the object json.
template <class Json, class T>
void write_fields(Json& json, const T& value) {
  const T fresh{};
  for_each_field<T>([&](const auto& field) {
    const auto& member = field.of(value);
    using Member = std::remove_cvref_t<decltype(member)>;
    if (field.form == FieldForm::unless_default && member == field.of(fresh)) return;
    if constexpr (kIsOptional<Member>) {
      if (member) json[field.name] = value_to_json<Json>(*member);
    } else if constexpr (kIsVariant<Member>) {
      if (member.index() != 0) json[field.name] = value_to_json<Json>(member);
    } else {
      json[field.name] = value_to_json<Json>(member, field.form);
    }
  });
}

// place: of the value in the whole; empty: the whole.
[[noreturn]] inline void refuse_json(const std::string& place, const std::string& problem) {
  throw std::runtime_error(place.empty() ? problem : place + ": " + problem);
}

template <class T, class Json>
T read_fields(const Json& json, const std::string& place = {});

template <class T, class Json>
T value_from_json(const Json& json, const std::string& place, FieldForm form = FieldForm::plain);

// The first alternative that the value is one of.
template <class T, class Json, std::size_t I = 1>
T variant_from_json(const Json& json, const std::string& place) {
  if constexpr (I + 1 == std::variant_size_v<T>) {
    return value_from_json<std::variant_alternative_t<I, T>>(json, place);
  } else {
    try {
      return value_from_json<std::variant_alternative_t<I, T>>(json, place);
    } catch (const std::runtime_error&) {
      return variant_from_json<T, Json, I + 1>(json, place);
    }
  }
}

template <class T, class Json>
T value_from_json(const Json& json, const std::string& place, FieldForm form) {
  if constexpr (Described<T>) {
    return read_fields<T>(json, place);
  } else if constexpr (kIsVariant<T>) {
    return variant_from_json<T>(json, place);
  } else if constexpr (kIsVector<T>) {
    if (!json.is_array()) refuse_json(place, "is not a list");
    T values;
    for (const Json& entry : json)
      values.push_back(
          value_from_json<typename T::value_type>(entry, fmt::format("{}[{}]", place, values.size())));
    return values;
  } else if constexpr (std::is_enum_v<T>) {
    const auto word = value_from_json<std::string>(json, place);
    const std::optional<T> value = value_of(kWords<T>, word);
    if (!value) refuse_json(place, fmt::format("unknown word '{}'", word));
    return *value;
  } else if constexpr (kIsDuration<T>) {
    return T(value_from_json<typename T::rep>(json, place));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) refuse_json(place, "is neither true nor false");
    return json.template get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) refuse_json(place, "is not a text");
    auto text = json.template get<std::string>();
    if (form != FieldForm::hex) return text;
    auto bytes = from_hex(text);
    if (!bytes) refuse_json(place, "is not written in hexadecimal digits");
    return *std::move(bytes);
  } else {
    static_assert(std::is_integral_v<T>, "describe it in kFields");
    if (!json.is_number_integer()) refuse_json(place, "is not a whole number");
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.template get<std::uint64_t>())
                                                : std::in_range<T>(json.template get<std::int64_t>());
    if (!fits) refuse_json(place, json.dump() + " is out of range");
    return json.template get<T>();
  }
}

template <class T, class Json>
T read_fields(const Json& json, const std::string& place) {
  if (!json.is_object()) refuse_json(place, "is not an object");
  T value{};
  for_each_field<T>([&](const auto& field) {
    auto& member = field.of(value);
    using Member = std::remove_cvref_t<decltype(member)>;
    const std::string inside = place.empty() ? field.name : fmt::format("{}.{}", place, field.name);
    const auto found = json.find(field.name);
    if (found == json.end()) {
      const bool may_be_absent = kIsOptional<Member> || kIsVariant<Member> ||
                                 field.form == FieldForm::unless_default ||
                                 field.form == FieldForm::or_default;
      if (!may_be_absent) refuse_json(inside, "is missing");
    } else if constexpr (kIsOptional<Member>) {
      member = value_from_json<typename Member::value_type>(*found, inside);
    } else {
      member = value_from_json<Member>(*found, inside, field.form);
    }
  });
  return value;
}

// What the object json says under "version".
template <class Json>
int version_of(const Json& json) {
  if (!json.is_object()) refuse_json({}, "is not an object");
  const auto found = json.find("version");
  if (found == json.end()) refuse_json("version", "is missing");
  return value_from_json<int>(*found, "version");
}

}  // namespace qvm
