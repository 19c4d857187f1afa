// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Values for tests of what is made of descriptions (qvm/base/fields.h).
#pragma once

#include <string>

#include "qvm/base/json_fields.h"

namespace qvm::test {

// Gives value, or each of its described members, another value than it has; lists get two entries. number
// counts up, so that no two numbers or texts are the same.
template <class T>
void fill(T& value, unsigned& number) {
  if constexpr (Described<T>) {
    for_each_field<T>([&](const auto& field) { fill(field.of(value), number); });
  } else if constexpr (kIsOptional<T>) {
    fill(value.emplace(), number);
  } else if constexpr (kIsVector<T>) {
    value.resize(2);
    for (auto& entry : value) fill(entry, number);
  } else if constexpr (std::is_enum_v<T>) {
    value = value == kWords<T>.back().first ? kWords<T>.front().first : kWords<T>.back().first;
  } else if constexpr (std::is_same_v<T, bool>) {
    value = !value;
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = "text " + std::to_string(++number);
  } else {
    value = T(1000 + ++number);
  }
}

// A T with everything set.
template <Described T>
T filled() {
  T value;
  unsigned number = 0;
  fill(value, number);
  return value;
}

}  // namespace qvm::test
