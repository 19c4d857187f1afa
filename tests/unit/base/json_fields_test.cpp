// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/json_fields.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace qvm {
namespace {

enum class Colour { red, light_blue };

struct Wheel {
  std::string name;
  std::uint8_t spokes = 0;
  bool operator==(const Wheel&) const = default;
};

struct Engine {
  std::int32_t power = 0;
  bool operator==(const Engine&) const = default;
};

struct Bicycle {
  Colour colour = Colour::red;
  std::vector<Wheel> wheels;
  std::optional<Engine> engine;
  std::optional<std::uint32_t> lights;
  bool folds = false;
  std::string bytes;
  std::vector<std::string> owners{"nobody"};
  std::string motto;
  std::chrono::milliseconds age{};
  Engine spare{};
  bool operator==(const Bicycle&) const = default;
};

}  // namespace

template <>
inline constexpr auto kWords<Colour> =
    Names<Colour, 2>{{{Colour::red, "red"}, {Colour::light_blue, "light-blue"}}};
template <>
inline constexpr auto kFields<Wheel> =
    std::tuple{Field{"name", &Wheel::name}, Field{"spokes", &Wheel::spokes}};
template <>
inline constexpr auto kFields<Engine> = std::tuple{Field{"power", &Engine::power}};
template <>
inline constexpr auto kFields<Bicycle> =
    std::tuple{Field{"colour", &Bicycle::colour},
               Field{"wheels", &Bicycle::wheels},
               Field{"engine", &Bicycle::engine},
               Field{"lights", &Bicycle::lights},
               Field{"folds", &Bicycle::folds, FieldForm::unless_default},
               Field{"bytes", &Bicycle::bytes, FieldForm::hex},
               Field{"owners", &Bicycle::owners, FieldForm::unless_default},
               Field{"motto", &Bicycle::motto, FieldForm::unless_default},
               Field{"age_ms", &Bicycle::age},
               Field{"spare_power", part(&Bicycle::spare, &Engine::power)}};

namespace {

using Json = nlohmann::ordered_json;

const Bicycle kBicycle{.colour = Colour::light_blue,
                       .wheels = {{"front", 36}, {"rear", 255}},
                       .engine = Engine{-5},
                       .lights = 0,
                       .folds = true,
                       .bytes = "\x7f\xff",
                       .owners = {},
                       .motto = "go",
                       .age = std::chrono::milliseconds(7),
                       .spare = {2'000'000'000}};
constexpr auto kText =
    R"({"colour":"light-blue","wheels":[{"name":"front","spokes":36},{"name":"rear","spokes":255}],)"
    R"("engine":{"power":-5},"lights":0,"folds":true,"bytes":"7fff","owners":[],"motto":"go","age_ms":7,)"
    R"("spare_power":2000000000})";

TEST(JsonFields, AreWrittenInTheirOrder) {
  EXPECT_EQ(value_to_json<Json>(kBicycle).dump(), kText);
  EXPECT_EQ(value_to_json<Json>(Bicycle{}).dump(),
            R"({"colour":"red","wheels":[],"bytes":"","age_ms":0,"spare_power":0})");
}

TEST(JsonFields, AreReadAsTheyWereWritten) {
  EXPECT_EQ(read_fields<Bicycle>(Json::parse(kText)), kBicycle);
  EXPECT_EQ(read_fields<Bicycle>(nlohmann::json::parse(kText)), kBicycle);
  EXPECT_EQ(read_fields<Bicycle>(value_to_json<Json>(Bicycle{})), Bicycle{});
}

TEST(JsonFields, UnknownKeysAreIgnored) {
  Json json = Json::parse(kText);
  json["bell"] = true;
  EXPECT_EQ(read_fields<Bicycle>(json), kBicycle);
}

struct WrongJson {
  const char* pointer;  // to what is replaced
  const char* value;    // with this; nullptr: it is taken away
  const char* message;
};

class WrongFields : public testing::TestWithParam<WrongJson> {};

TEST_P(WrongFields, AreToldWithTheirPlace) {
  Json json = Json::parse(kText);
  const Json::json_pointer pointer(GetParam().pointer);
  if (GetParam().value != nullptr) {
    json[pointer] = Json::parse(GetParam().value);
  } else {
    json[pointer.parent_pointer()].erase(pointer.back());
  }
  try {
    read_fields<Bicycle>(json);
    ADD_FAILURE() << json.dump();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongFields,
    testing::Values(WrongJson{"", "[]", "is not an object"},
                    WrongJson{"/colour", nullptr, "colour: is missing"},
                    WrongJson{"/colour", "1", "colour: is not a text"},
                    WrongJson{"/colour", "\"green\"", "colour: unknown word 'green'"},
                    WrongJson{"/wheels", "{}", "wheels: is not a list"},
                    WrongJson{"/wheels/1/name", nullptr, "wheels[1].name: is missing"},
                    WrongJson{"/wheels/1", "null", "wheels[1]: is not an object"},
                    WrongJson{"/wheels/0/spokes", "-1", "wheels[0].spokes: -1 is out of range"},
                    WrongJson{"/wheels/0/spokes", "256", "wheels[0].spokes: 256 is out of range"},
                    WrongJson{"/wheels/0/spokes", "1.0", "wheels[0].spokes: is not a whole number"},
                    WrongJson{"/wheels/0/spokes", "true", "wheels[0].spokes: is not a whole number"},
                    WrongJson{"/wheels/0/spokes", "1e3", "wheels[0].spokes: is not a whole number"},
                    WrongJson{"/spare_power", "-2147483649", "spare_power: -2147483649 is out of range"},
                    WrongJson{"/spare_power", "2147483648", "spare_power: 2147483648 is out of range"},
                    WrongJson{"/spare_power", "18446744073709551616", "spare_power: is not a whole number"},
                    WrongJson{"/engine", "null", "engine: is not an object"},
                    WrongJson{"/engine", "{}", "engine.power: is missing"},
                    WrongJson{"/lights", "null", "lights: is not a whole number"},
                    WrongJson{"/folds", "1", "folds: is neither true nor false"},
                    WrongJson{"/bytes", "\"7\"", "bytes: is not written in hexadecimal digits"},
                    WrongJson{"/bytes", "\"7G\"", "bytes: is not written in hexadecimal digits"},
                    WrongJson{"/bytes", "\"FF\"", "bytes: is not written in hexadecimal digits"},
                    WrongJson{"/owners/0", "5", "owners[0]: is not a text"},
                    WrongJson{"/age_ms", "18446744073709551615",
                              "age_ms: 18446744073709551615 is out of range"}));

}  // namespace
}  // namespace qvm
