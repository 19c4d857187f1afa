// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One input for the configuration parser: what must hold for every sequence of bytes. Called by the corpus
// test and, where a fuzzing engine is available, by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace qvm::fuzz {

// Empty if all holds; else what does not.
std::string check_config_input(const std::uint8_t* data, std::size_t size);

}  // namespace qvm::fuzz
