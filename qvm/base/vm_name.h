// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM may be called: its name is part of paths, of sockets and of libvirt's domain.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace qvm {

inline constexpr std::size_t kMaxVmName = 64;
// What is_vm_name() asks for.
inline constexpr const char* kVmNameForm =
    "at most 64 letters, digits, '-', '_' and '.', the first a letter, a digit or '_'";

constexpr bool is_vm_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kMaxVmName && std::all_of(name.begin(), name.end(), allowed) &&
         name.front() != '-' && name.front() != '.';
}

// Why it cannot be one, with what is allowed.
inline std::string not_a_vm_name(std::string_view name) {
  return "'" + std::string(name) + "' cannot be a VM's name: it has " + kVmNameForm;
}

}  // namespace qvm
