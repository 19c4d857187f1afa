// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Compares descriptions (qvm/base/fields.h) with schemas/, so that no member is added to one of them only.
#pragma once

#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "qvm/base/json_fields.h"

namespace qvm::test {

class SchemaComparison {
 public:
  // name: of a file in schemas/.
  explicit SchemaComparison(const std::string& name) {
    std::ifstream(QVM_SOURCE_DIR "/schemas/" + name) >> x_root;
  }

  // Of a struct that is the whole document: the version is the format's, and no member of it.
  void take_out_version() {
    EXPECT_EQ(x_root.at("properties").erase("version"), 1U);
    EXPECT_EQ(x_root.at("required").at(0), "version");
    x_root.at("required").erase(0);
  }

  // Expects the schema at pointer to say of T what its description says.
  template <class T>
  void compare(const std::string& pointer) const {
    compare_with<T>(x_root.at(Json::json_pointer(pointer)), pointer, FieldForm::plain);
  }

 private:
  using Json = nlohmann::json;

  template <class T>
  void compare_with(const Json& reference, const std::string& place, FieldForm form) const {
    SCOPED_TRACE(place);
    EXPECT_EQ(reference.value("$ref", "") == "#/$defs/bytes", form == FieldForm::hex);
    const Json& schema = resolved(reference);
    if constexpr (Described<T>) {
      compare_object<T>(schema, place);
    } else if constexpr (kIsVector<T>) {
      EXPECT_EQ(schema.value("type", ""), "array");
      compare_with<typename T::value_type>(schema.at("items"), place + "[]", FieldForm::plain);
    } else if constexpr (std::is_enum_v<T>) {
      std::vector<std::string> words;
      for (const auto& [value, word] : kWords<T>) words.emplace_back(word);
      EXPECT_THAT(schema.value("enum", std::vector<std::string>()),
                  testing::UnorderedElementsAreArray(words));
    } else if constexpr (std::is_same_v<T, bool>) {
      // What is left out when it is false is never false.
      const bool may_be_false = form != FieldForm::unless_default;
      EXPECT_EQ(schema.value("type", ""), may_be_false ? "boolean" : "");
      EXPECT_EQ(schema.value("const", false), !may_be_false);
    } else if constexpr (std::is_same_v<T, std::string>) {
      EXPECT_EQ(schema.value("type", ""), "string");
    } else {
      EXPECT_EQ(schema.value("type", ""), "integer");
      EXPECT_GE(schema.value("minimum", -1), 0);
    }
  }

  template <class T>
  void compare_object(const Json& schema, const std::string& place) const {
    EXPECT_EQ(schema.value("type", ""), "object");
    EXPECT_EQ(schema.value("additionalProperties", true), false);
    std::vector<std::string> keys;
    std::vector<std::string> required;
    for_each_field<T>([&](const auto& field) {
      using Member = std::remove_cvref_t<decltype(field.of(std::declval<T&>()))>;
      keys.emplace_back(field.name);
      const Json member = schema.at("properties").value(field.name, Json::object());
      const std::string inside = place + "." + field.name;
      if constexpr (kIsOptional<Member>) {
        compare_with<typename Member::value_type>(member, inside, field.form);
      } else {
        if (field.form != FieldForm::unless_default) required.emplace_back(field.name);
        compare_with<Member>(member, inside, field.form);
      }
    });
    std::vector<std::string> properties;
    for (const auto& [key, value] : schema.at("properties").items()) properties.push_back(key);
    EXPECT_THAT(properties, testing::UnorderedElementsAreArray(keys));
    EXPECT_THAT(schema.at("required").get<std::vector<std::string>>(),
                testing::UnorderedElementsAreArray(required));
  }

  const Json& resolved(const Json& schema) const {
    const auto reference = schema.find("$ref");
    if (reference == schema.end()) return schema;
    return x_root.at(Json::json_pointer(reference->get<std::string>().substr(1)));
  }

  Json x_root;
};

}  // namespace qvm::test
