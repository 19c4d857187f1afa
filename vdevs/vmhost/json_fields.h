// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Fields of a JSON object. Every failure names the key that is missing or of the wrong kind.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "qvm/base/result.h"
#include "vdevs/vmhost/address_range.h"

namespace qvm::vmhost::json {

Result<std::string> text_of(const nlohmann::json& object, const char* key);
// Empty if it is missing.
Result<std::string> optional_text(const nlohmann::json& object, const char* key);
Result<std::uint64_t> number_of(const nlohmann::json& object, const char* key);
// "address" and "length" of the object: of at least a byte, within 64 bits.
Result<AddressRange> range_of(const nlohmann::json& object);

}  // namespace qvm::vmhost::json
