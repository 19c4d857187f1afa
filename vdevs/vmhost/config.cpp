// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "qvm/base/json_fields.h"
#include "qvm/base/unique_fd.h"
#include "vdevs/vmhost/config_fields.h"

namespace qvm::vmhost {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;  // far above any real VM, far below a waste of memory
constexpr std::uint64_t kPage = 4096;

std::string with_place(std::string title, const std::string& place) {
  return place.empty() ? title : std::move(title) + " (" + place + ")";
}

// Of at least a byte, within 64 bits.
void check_range(const AddressRange& range, const std::string& where) {
  if (range.length == 0 || range.address + range.length < range.address)
    refuse_json(where, "has no valid length");
}

void check_pages(const AddressRange& range, const std::string& where) {
  check_range(range, where);
  if (range.address % kPage != 0 || range.length % kPage != 0)
    refuse_json(where, fmt::format("address and length are not multiples of {}", kPage));
}

void check_line(std::uint32_t line, const std::string& where) {
  if (line > std::numeric_limits<std::uint16_t>::max()) refuse_json(where, "line is too big");
}

void check_pci(const PciConfig& pci, const std::string& where) {
  constexpr std::uint32_t kMost = std::uint32_t{1} << 30;
  if (pci.length < kPage || pci.length > kMost || !std::has_single_bit(pci.length))
    refuse_json(where, fmt::format("length is not a power of two from {} to {}", kPage, kMost));
}

void check_vdev(const VdevConfig& vdev, const std::string& where) {
  if (vdev.pci && (vdev.loc || vdev.interrupt))
    refuse_json(where, fmt::format("pci and {} exclude each other", vdev.loc ? "loc" : "interrupt"));
  if (vdev.loc) {
    check_range(vdev.loc->range, where + ".loc");
    if (vdev.loc->space != Location::Space::memory)
      refuse_json(where + ".loc", "a space other than memory is not supported");
  }
  if (vdev.pci) check_pci(*vdev.pci, where + ".pci");
  if (vdev.interrupt) check_line(vdev.interrupt->line, where + ".interrupt");
  if (vdev.window) check_range(*vdev.window, where + ".window");
}

void check_placed(const PlacedPart& part, const std::string& where) {
  if (int{!part.type.empty()} + int{!part.serial.empty()} + int{!part.transport_of.empty()} != 1)
    refuse_json(where, "has not exactly one of type, serial and transport_of");
  if (part.line) check_line(*part.line, where);
}

// Its numbers are in its bytes.
void complete_function(FixedFunction& function, const std::string& where) {
  PciConfig& config = function.config;
  if (config.fixed_space.size() != kPciConfigBytes)
    refuse_json(where + ".config", fmt::format("is not {} hexadecimal digits", 2 * kPciConfigBytes));
  const auto word = [&](std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(config.fixed_space[i]); };
    return static_cast<std::uint16_t>(byte(at) | byte(at + 1) << 8);
  };
  config.vendor = word(0x00);
  config.device = word(0x02);
  config.class_code = word(0x0a);
}

// Calls check with each of the list and its place.
template <class T, class Check>
void check_list(std::vector<T>& list, const char* key, const Check& check) {
  for (std::size_t i = 0; i < list.size(); ++i) check(list[i], fmt::format("{}[{}]", key, i));
}

void check_config(Config& config) {
  check_list(config.vdevs, "vdevs", check_vdev);
  check_list(config.placed, "placed", check_placed);
  check_list(config.extras.pci_functions, "pci_functions", complete_function);
  const auto on_pages = [](const auto& piece, const std::string& where) { check_pages(piece.range, where); };
  check_list(config.extras.memory, "memory", on_pages);
  check_list(config.extras.second_places, "second_places", on_pages);
}

// Before version 5 of the vdev ABI an argument was a text alone.
void complete_arguments(Json& root) {
  Json none = Json::array();
  const auto each_in = [&none](Json& object, const char* key) -> Json& {
    const bool there = object.is_object() && object.contains(key) && object[key].is_array();
    return there ? object[key] : none;
  };
  for (Json& vdev : each_in(root, "vdevs")) {
    for (Json& option : each_in(vdev, "options")) {
      for (Json& argument : each_in(option, "args")) {
        if (argument.is_string()) argument = Json{{"text", argument}};
      }
    }
  }
}

}  // namespace

std::string VdevConfig::title() const {
  return with_place("vdev " + id, place);
}

std::string PlacedPart::full_title() const {
  return with_place(title, place);
}

std::string FixedFunction::title() const {
  return with_place("vdev " + id, place);
}

std::string to_json(const Config& config) {
  Json json = {{"version", kFormatVersion}};
  write_fields(json, config);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Config> parse_config(std::string_view text) {
  Json root = Json::parse(text.begin(), text.end(), nullptr, false);
  if (root.is_discarded()) return fail("is not JSON");
  try {
    if (const int version = version_of(root); version != kFormatVersion) {
      return fail(
          fmt::format("has format version {}; this vmhost reads version {}", version, kFormatVersion));
    }
    complete_arguments(root);
    auto config = read_fields<Config>(root);
    check_config(config);
    return config;
  } catch (const std::exception& problem) {
    return fail(problem.what());
  }
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
