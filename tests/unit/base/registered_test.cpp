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

const Fruit kApple{"apple"};
const Fruit kPear{"pear"};
const Tree kOak{"oak"};

TEST(Registered, ListsObjectsOfItsTypeOnly) {
  EXPECT_THAT(Registered<Fruit>::all(), testing::UnorderedElementsAre(&kApple, &kPear));
  EXPECT_THAT(Registered<Tree>::all(), testing::ElementsAre(&kOak));
}

}  // namespace
}  // namespace qvm
