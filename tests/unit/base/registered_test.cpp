// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/registered.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

namespace qvm {
namespace {

struct Fruit {
  std::string_view name;
  Registered<Fruit> registered{*this};
};
struct Tree {
  std::string_view name;
  Registered<Tree> registered{*this};
};

const Fruit kPear{"pear"};
const Fruit kApple{"apple"};
const Tree kOak{"oak"};

TEST(Registered, ListsObjectsOfItsTypeOnly) {
  EXPECT_THAT(Registered<Fruit>::sorted_by(&Fruit::name), testing::ElementsAre(&kApple, &kPear));
  EXPECT_THAT(Registered<Tree>::sorted_by(&Tree::name), testing::ElementsAre(&kOak));
  EXPECT_EQ(Registered<Fruit>::find(&Fruit::name, "pear"), &kPear);
  EXPECT_EQ(Registered<Fruit>::find(&Fruit::name, "oak"), nullptr);
}

}  // namespace
}  // namespace qvm
