// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The members of a struct that leaves its process, described once for everything that writes, reads or checks
// it (qvm/base/json_fields.h, qvm/regions/model/codec.cpp, tests). A description is a list in namespace qvm:
//
//   template <>
//   inline constexpr auto kFields<plan::Blob> = std::tuple{
//       Field{"path", &plan::Blob::path}, Field{"elf", &plan::Blob::elf, FieldForm::unless_default}};
//
// To add a member, add it to the struct and its Field to the list, where it is to be written. An enumeration
// has its words instead: template <> inline constexpr auto kWords<E> = Names<E, n>{...}.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>

#include "qvm/base/names.h"

namespace qvm {

enum class FieldForm {
  plain,
  unless_default,  // left out while the member has the value it has in a new struct
  or_default,      // always written; where it is left out, the member has that value
  hex,             // a text of any bytes, written as hexadecimal digits
};

// access: a pointer to the member, or part() of a member.
template <class Access>
struct Field {
  constexpr Field(const char* key, Access how, FieldForm written = FieldForm::plain)
      : name(key), access(how), form(written) {}

  template <class Struct>
  constexpr auto& of(Struct& value) const {
    return std::invoke(access, value);
  }

  const char* name;
  Access access;
  FieldForm form;
};

// The way to a member of a member that has no object of its own in what is written.
template <class Member, class Part>
constexpr auto part(Member member, Part inner) {
  return [member, inner](auto& value) -> decltype(auto) { return (value.*member.*inner); };
}

struct NotDescribed {};
template <class Struct>
inline constexpr NotDescribed kFields{};
template <class Enum>
inline constexpr NotDescribed kWords{};

template <class T>
concept Described = !std::is_same_v<decltype(kFields<T>), const NotDescribed>;

// Calls function with every Field of Struct, in order.
template <Described Struct, class Function>
constexpr void for_each_field(Function function) {
  std::apply([&function](const auto&... fields) { (function(fields), ...); }, kFields<Struct>);
}

}  // namespace qvm
