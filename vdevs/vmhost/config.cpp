// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/config.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "qvm/base/unique_fd.h"
#include "vdevs/vmhost/json_fields.h"

namespace qvm::vmhost {

namespace {

using Json = nlohmann::json;
using json::number_of;
using json::optional_text;
using json::range_of;
using json::text_of;

constexpr int kFormatVersion = 1;
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;  // far above any real VM, far below a waste of memory

Result<void> read_loc(const Json& object, VdevConfig& vdev) {
  const auto loc = object.find("loc");
  if (loc == object.end()) return {};
  auto range = range_of(*loc);
  if (!range) return fail_from(std::move(range), "'loc'");
  auto space = text_of(*loc, "space");
  if (!space) return fail_from(std::move(space), "'loc'");
  if (*space != "memory") return fail("'loc': space '" + *space + "' is not supported; it must be 'memory'");
  vdev.loc = *range;
  return {};
}

Result<void> read_pci(const Json& object, VdevConfig& vdev) {
  const auto pci = object.find("pci");
  if (pci == object.end()) return {};
  if (!pci->is_object()) return fail("'pci': is not an object");
  for (const char* other : {"loc", "interrupt"}) {
    if (object.contains(other)) return fail("'pci' and '" + std::string(other) + "' exclude each other");
  }
  struct Field {
    const char* key;
    std::uint64_t max;
    std::uint64_t value = 0;
  };
  constexpr std::uint64_t kMax16 = std::numeric_limits<std::uint16_t>::max();
  constexpr std::uint64_t kPage = 4096;
  std::array<Field, 4> fields{
      {{"vendor", kMax16}, {"device", kMax16}, {"class", kMax16}, {"length", std::uint64_t{1} << 30}}};
  for (Field& field : fields) {
    auto number = number_of(*pci, field.key);
    if (!number) return fail_from(std::move(number), "'pci'");
    if (*number > field.max) return fail("'pci': '" + std::string(field.key) + "' is too big");
    field.value = *number;
  }
  const std::uint64_t length = fields[3].value;
  if (length < kPage || !std::has_single_bit(length))
    return fail("'pci': 'length' is not a power of two of 4096 or more");
  vdev.pci =
      PciConfig{static_cast<std::uint16_t>(fields[0].value), static_cast<std::uint16_t>(fields[1].value),
                static_cast<std::uint16_t>(fields[2].value), static_cast<std::uint32_t>(length)};
  return {};
}

Result<void> read_interrupt(const Json& object, VdevConfig& vdev) {
  const auto interrupt = object.find("interrupt");
  if (interrupt == object.end()) return {};
  if (!interrupt->is_object()) return fail("'interrupt': is not an object");
  auto controller = text_of(*interrupt, "controller");
  if (!controller) return fail_from(std::move(controller), "'interrupt'");
  auto line = number_of(*interrupt, "line");
  if (!line) return fail_from(std::move(line), "'interrupt'");
  if (*line > std::numeric_limits<std::uint16_t>::max()) return fail("'interrupt': 'line' is too big");
  vdev.interrupt = InterruptPin{*controller, static_cast<std::uint32_t>(*line)};
  return {};
}

Result<OptionArgument> argument_of(const Json& entry) {
  // A text alone, as releases before version 5 of the vdev ABI wrote it.
  if (entry.is_string()) return OptionArgument{entry.get<std::string>(), {}, {}};
  if (!entry.is_object()) return fail("an argument is neither a string nor an object");
  OptionArgument argument;
  auto text = text_of(entry, "text");
  if (!text) return tl::unexpected(text.error());
  argument.text = std::move(*text);
  auto place = optional_text(entry, "place");
  if (!place) return tl::unexpected(place.error());
  argument.place = std::move(*place);
  const auto value = entry.find("value");
  if (value == entry.end()) return argument;
  if (value->is_boolean()) {
    argument.value = value->get<bool>();
  } else if (value->is_number_unsigned()) {
    argument.value = value->get<std::uint64_t>();
  } else {
    return fail("'value' is neither a number nor true or false");
  }
  return argument;
}

Result<OptionUse> option_of(const Json& object) {
  if (!object.is_object()) return fail("an option is not an object");
  OptionUse use;
  auto name = text_of(object, "name");
  if (!name) return tl::unexpected(name.error());
  use.name = std::move(*name);
  auto place = optional_text(object, "place");
  if (!place) return tl::unexpected(place.error());
  use.place = std::move(*place);
  const auto args = object.find("args");
  if (args == object.end()) return use;
  if (!args->is_array()) return fail("'args' is not an array");
  for (const Json& entry : *args) {
    auto argument = argument_of(entry);
    if (!argument) return fail_from(std::move(argument), "'args'");
    use.args.push_back(std::move(*argument));
  }
  return use;
}

Result<void> read_texts(const Json& object, VdevConfig& vdev) {
  struct Field {
    const char* key;
    std::string* into;
    bool required;
  };
  const std::array<Field, 6> fields{{{"id", &vdev.id, true},
                                     {"type", &vdev.type, true},
                                     {"object", &vdev.object, true},
                                     {"name", &vdev.name, false},
                                     {"place", &vdev.place, false},
                                     {"region_socket", &vdev.region_socket, false}}};
  for (const Field& field : fields) {
    auto text = field.required ? text_of(object, field.key) : optional_text(object, field.key);
    if (!text) return tl::unexpected(text.error());
    *field.into = std::move(*text);
  }
  return {};
}

Result<VdevConfig> vdev_of(const Json& object) {
  if (!object.is_object()) return fail("is not an object");
  VdevConfig vdev;
  for (const auto& read : {read_texts(object, vdev), read_loc(object, vdev), read_pci(object, vdev),
                           read_interrupt(object, vdev)}) {
    if (!read) return tl::unexpected(read.error());
  }
  if (const auto window = object.find("window"); window != object.end()) {
    auto range = range_of(*window);
    if (!range) return fail_from(std::move(range), "'window'");
    vdev.window = *range;
  }
  const auto options = object.find("options");
  if (options == object.end()) return vdev;
  if (!options->is_array()) return fail("'options' is not an array");
  for (const Json& entry : *options) {
    auto option = option_of(entry);
    if (!option) return fail_from(std::move(option), "'options'");
    vdev.options.push_back(std::move(*option));
  }
  return vdev;
}

Result<PlacedPart> placed_part_of(const Json& object) {
  if (!object.is_object()) return fail("is not an object");
  PlacedPart part;
  struct Field {
    const char* key;
    std::string* into;
  };
  const std::array<Field, 5> fields{{{"type", &part.type},
                                     {"serial", &part.serial},
                                     {"transport_of", &part.transport_of},
                                     {"title", &part.title},
                                     {"place", &part.place}}};
  for (const Field& field : fields) {
    auto text = optional_text(object, field.key);
    if (!text) return tl::unexpected(text.error());
    *field.into = std::move(*text);
  }
  if (int{!part.type.empty()} + int{!part.serial.empty()} + int{!part.transport_of.empty()} != 1)
    return fail("has not exactly one of 'type', 'serial' and 'transport_of'");
  const auto addresses = object.find("addresses");
  if (addresses == object.end() || !addresses->is_array())
    return fail("'addresses' is missing or not an array");
  for (const Json& address : *addresses) {
    if (!address.is_number_unsigned()) return fail("'addresses' holds something that is not a number");
    part.addresses.push_back(address.get<std::uint64_t>());
  }
  if (const auto legacy = object.find("legacy"); legacy != object.end()) {
    if (!legacy->is_boolean()) return fail("'legacy' is not true or false");
    part.legacy = legacy->get<bool>();
  }
  if (object.contains("line")) {
    auto line = number_of(object, "line");
    if (!line) return tl::unexpected(line.error());
    if (*line > std::numeric_limits<std::uint16_t>::max()) return fail("'line' is too big");
    part.line = static_cast<std::uint32_t>(*line);
  }
  return part;
}

Result<void> read_placed(const Json& root, std::vector<PlacedPart>& parts) {
  const auto placed = root.find("placed");
  if (placed == root.end()) return {};
  if (!placed->is_array()) return fail("'placed' is not an array");
  for (std::size_t i = 0; i < placed->size(); ++i) {
    auto part = placed_part_of((*placed)[i]);
    if (!part) return fail_from(std::move(part), "placed[" + std::to_string(i) + "]");
    parts.push_back(std::move(*part));
  }
  return {};
}

std::string with_place(std::string title, const std::string& place) {
  return place.empty() ? title : std::move(title) + " (" + place + ")";
}

}  // namespace

std::string VdevConfig::title() const {
  return with_place("vdev " + id, place);
}

std::string PlacedPart::full_title() const {
  return with_place(title, place);
}

Result<Config> parse_config(std::string_view text) {
  const Json root = Json::parse(text.begin(), text.end(), nullptr, false);
  if (root.is_discarded()) return fail("is not JSON");
  if (!root.is_object()) return fail("is not a JSON object");
  auto version = number_of(root, "version");
  if (!version) return tl::unexpected(version.error());
  if (*version != kFormatVersion) {
    return fail("has format version " + std::to_string(*version) + "; this vmhost reads version " +
                std::to_string(kFormatVersion));
  }
  Config config;
  auto vm = text_of(root, "vm");
  if (!vm) return tl::unexpected(vm.error());
  config.vm = std::move(*vm);
  auto placed = read_placed(root, config.placed);
  if (!placed) return tl::unexpected(placed.error());
  const auto vdevs = root.find("vdevs");
  if (vdevs == root.end() || !vdevs->is_array()) return fail("'vdevs' is missing or not an array");
  for (std::size_t i = 0; i < vdevs->size(); ++i) {
    auto vdev = vdev_of((*vdevs)[i]);
    if (!vdev) return fail_from(std::move(vdev), "vdevs[" + std::to_string(i) + "]");
    config.vdevs.push_back(std::move(*vdev));
  }
  auto extras = parse_extras(root);
  if (!extras) return tl::unexpected(extras.error());
  config.extras = std::move(*extras);
  return config;
}

Result<Config> read_config(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open '" + path + "'");
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return fail_errno("read '" + path + "'");
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxBytes)
      return fail("'" + path + "' is longer than " + std::to_string(kMaxBytes) + " bytes");
  }
  auto config = parse_config(text);
  if (!config) return fail_from(std::move(config), "'" + path + "'");
  return config;
}

NumberError parse_number(std::string_view text, std::uint64_t& value) {
  std::uint64_t factor = 1;
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0d")) {
    text.remove_prefix(2);
  }
  if (!text.empty()) {
    switch (text.back()) {
      case 'K':
      case 'k':
        factor = std::uint64_t{1} << 10;
        break;
      case 'M':
      case 'm':
        factor = std::uint64_t{1} << 20;
        break;
      case 'G':
      case 'g':
        factor = std::uint64_t{1} << 30;
        break;
      default:
        break;
    }
    if (factor != 1) text.remove_suffix(1);
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error == std::errc::invalid_argument || end != text.data() + text.size())
    return NumberError::not_a_number;
  if (error == std::errc::result_out_of_range ||
      number > std::numeric_limits<std::uint64_t>::max() / factor) {
    return NumberError::too_big;
  }
  value = number * factor;
  return NumberError::none;
}

}  // namespace qvm::vmhost
