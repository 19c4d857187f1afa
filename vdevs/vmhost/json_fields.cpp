// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/json_fields.h"

namespace qvm::vmhost::json {

using Json = nlohmann::json;

Result<std::string> text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return fail("'" + std::string(key) + "' is missing");
  if (!found->is_string()) return fail("'" + std::string(key) + "' is not a string");
  return found->get<std::string>();
}

Result<std::string> optional_text(const Json& object, const char* key) {
  if (!object.contains(key)) return std::string();
  return text_of(object, key);
}

Result<std::uint64_t> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return fail("'" + std::string(key) + "' is missing");
  if (!found->is_number_unsigned()) return fail("'" + std::string(key) + "' is not a number of 0 or more");
  return found->get<std::uint64_t>();
}

Result<AddressRange> range_of(const Json& object) {
  if (!object.is_object()) return fail("is not an object");
  AddressRange range;
  auto address = number_of(object, "address");
  if (!address) return tl::unexpected(address.error());
  auto length = number_of(object, "length");
  if (!length) return tl::unexpected(length.error());
  range.address = *address;
  range.length = *length;
  if (range.length == 0 || range.address + range.length < range.address) return fail("has no valid length");
  return range;
}

}  // namespace qvm::vmhost::json
