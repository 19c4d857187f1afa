// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What must hold for every sequence of bytes. Called by the corpus test and, where a fuzzing engine is
// available, by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace qvm::fuzz {

// Each returns "" if all holds; else what does not.

// Two VMs read the bytes: findings are placed inside their sources, printable in every form, the same twice.
std::string check_config_input(const std::uint8_t* data, std::size_t size);
// The bytes are a manifest, of VMs that exist.
std::string check_manifest_input(const std::uint8_t* data, std::size_t size);
// Formatting keeps words, structure and comments, and is done after one time.
std::string check_format_input(const std::uint8_t* data, std::size_t size);
// Fixing comes to an end, and suppressions hide no error.
std::string check_fix_input(const std::uint8_t* data, std::size_t size);

}  // namespace qvm::fuzz
