// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/machine_extras.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "vdevs/vmhost/json_fields.h"

namespace qvm::vmhost {

namespace {

using Json = nlohmann::json;

Result<std::string> bytes_of(const Json& object, const char* key, std::size_t count) {
  auto text = json::text_of(object, key);
  if (!text) return text;
  const auto wrong = [&] {
    return fail("'" + std::string(key) + "' is not " + std::to_string(2 * count) + " hexadecimal digits");
  };
  if (text->size() != 2 * count) return wrong();
  std::string bytes;
  for (std::size_t i = 0; i < text->size(); i += 2) {
    const char* const digits = text->data() + i;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc() || end != digits + 2) return wrong();
    bytes += static_cast<char>(value);
  }
  return bytes;
}

Result<FixedFunction> function_of(const Json& object) {
  FixedFunction function;
  auto id = json::text_of(object, "id");
  if (!id) return tl::unexpected(id.error());
  auto place = json::optional_text(object, "place");
  if (!place) return tl::unexpected(place.error());
  auto space = bytes_of(object, "config", kPciConfigBytes);
  if (!space) return tl::unexpected(space.error());
  const auto word = [&space](std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>((*space)[i]); };
    return static_cast<std::uint16_t>(byte(at) | byte(at + 1) << 8);
  };
  function.id = std::move(*id);
  function.place = std::move(*place);
  function.config = {.vendor = word(0x00), .device = word(0x02), .class_code = word(0x0a)};
  function.config.fixed_space = std::move(*space);
  return function;
}

Result<AddressRange> pages_of(const Json& object) {
  constexpr std::uint64_t kPage = 4096;
  auto range = json::range_of(object);
  if (range && (range->address % kPage != 0 || range->length % kPage != 0))
    return fail("'address' and 'length' are not multiples of " + std::to_string(kPage));
  return range;
}

Result<AddedMemory> memory_of(const Json& object) {
  auto place = json::optional_text(object, "place");
  if (!place) return tl::unexpected(place.error());
  auto range = pages_of(object);
  if (!range) return tl::unexpected(range.error());
  const auto writable = object.find("writable");
  if (writable != object.end() && !writable->is_boolean()) return fail("'writable' is not true or false");
  return AddedMemory{std::move(*place), *range, writable != object.end() && writable->get<bool>()};
}

Result<SecondPlace> second_place_of(const Json& object) {
  auto part = json::text_of(object, "part");
  if (!part) return tl::unexpected(part.error());
  if (*part != "ioapic" && *part != "hpet")
    return fail("'part' is '" + *part + "'; it must be 'ioapic' or 'hpet'");
  auto place = json::optional_text(object, "place");
  if (!place) return tl::unexpected(place.error());
  auto range = pages_of(object);
  if (!range) return tl::unexpected(range.error());
  using Part = SecondPlace::Part;
  return SecondPlace{*part == "ioapic" ? Part::io_apic : Part::precision_timer, std::move(*place), *range};
}

// Reads the list called key, if there is one, with read, which is for one of its objects.
template <class T>
Result<void> read_list(const Json& root, const char* key, Result<T> (*read)(const Json&),
                       std::vector<T>& into) {
  const auto list = root.find(key);
  if (list == root.end()) return {};
  if (!list->is_array()) return fail("'" + std::string(key) + "' is not an array");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    Result<T> one = entry.is_object() ? read(entry) : Result<T>(fail("is not an object"));
    if (!one) return fail_from(std::move(one), std::string(key) + "[" + std::to_string(i) + "]");
    into.push_back(std::move(*one));
  }
  return {};
}

}  // namespace

std::string FixedFunction::title() const {
  return "vdev " + id + (place.empty() ? "" : " (" + place + ")");
}

Result<MachineExtras> parse_extras(const Json& root) {
  MachineExtras extras;
  auto functions = read_list(root, "pci_functions", function_of, extras.pci_functions);
  if (!functions) return tl::unexpected(functions.error());
  auto memory = read_list(root, "memory", memory_of, extras.memory);
  if (!memory) return tl::unexpected(memory.error());
  auto places = read_list(root, "second_places", second_place_of, extras.second_places);
  if (!places) return tl::unexpected(places.error());
  return extras;
}

}  // namespace qvm::vmhost
