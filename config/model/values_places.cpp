// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Locations and interrupts, the values with a syntax of their own.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/model/values.h"

namespace qvm::config {
namespace {

constexpr std::uint64_t kPorts = 0x10000;

}  // namespace

std::optional<Location> ValueReader::pci(const Slice& slice) {
  const std::string_view position = slice.text();
  const bool digits = !position.empty() && std::all_of(position.begin(), position.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == 'x' ||
           c == ':' || c == '.' || c == '/';
  });
  if (!digits || position.find_first_of(":/") == std::string_view::npos) {
    report(slice.where(), fmt::format("'{}' is not a PCI position", slice.text()),
           "write pci:BUS:DEV[.FUNC], as in pci:0:4");
    return std::nullopt;
  }
  Location location;
  location.space = Location::Space::pci;
  location.pci = position;
  return location;
}

std::optional<Location> ValueReader::location(const Word& word, Location::Space default_space,
                                              bool length_required) {
  if (word.unresolved) return std::nullopt;
  Location location;
  location.space = default_space;
  std::size_t begin = 0;
  const std::string_view text = word.text;
  if (text.starts_with("pci:")) return pci(Slice(word, 4, text.size()));
  if (text.starts_with("mem:")) {
    location.space = Location::Space::memory;
    begin = 4;
  } else if (text.starts_with("io:")) {
    location.space = Location::Space::io;
    begin = 3;
  } else if (text == "mem" || text == "io" || text == "pci") {
    report(word.where, fmt::format("'{}' is not an address", text),
           fmt::format("write '{}:' directly before it, without a blank", text));
    return std::nullopt;
  } else if (default_space == Location::Space::pci) {
    return pci(Slice(word));
  }
  const auto parts = Slice(word, begin, text.size()).split(',');
  if (parts.size() > 2) {
    report(word.where, fmt::format("'{}' has {} parts", text, parts.size()),
           "write ADDR[,LENGTH] without blanks");
    return std::nullopt;
  }
  const auto address = number(parts[0], NumberKind::address);
  if (parts.size() == 2) {
    location.length = number(parts[1], NumberKind::size);
    if (!location.length) return std::nullopt;
    if (*location.length == 0) {
      report(parts[1].where(), "the length is 0");
      return std::nullopt;
    }
  } else if (length_required) {
    report(word.where, fmt::format("'{}' has no length", text), fmt::format("write {},LENGTH", text));
    return std::nullopt;
  }
  if (!address) return std::nullopt;
  location.address = *address;
  const std::uint64_t length = location.length.value_or(1);
  if (!check_end(location.address, length, word.where)) return std::nullopt;
  if (location.space == Location::Space::io && location.address + (length - 1) >= kPorts) {
    report(word.where, fmt::format("'{}' lies beyond the last I/O port, 0x{:x}", text, kPorts - 1));
    return std::nullopt;
  }
  return location;
}

std::optional<InterruptRef> ValueReader::interrupt(const Slice& slice, bool bare) {
  const auto parts = slice.split(':');
  InterruptRef interrupt;
  if (parts.size() > 2) {
    report(slice.where(), fmt::format("'{}' has more than one colon", slice.text()),
           "write CONTROLLER:LINE; a controller's name must not contain a colon");
    return std::nullopt;
  }
  if (parts.size() == 1) {
    const bool is_line =
        looks_like_number(slice.text()) && parse_number(slice.text(), NumberKind::plain).has_value();
    if (!bare && !is_line) {
      report(slice.where(), fmt::format("'{}' names no interrupt line", slice.text()),
             fmt::format("write {}:LINE", slice.text().empty() ? "CONTROLLER" : slice.text()));
      return std::nullopt;
    }
    if (!bare) {
      report(slice.where(), fmt::format("'{}' names no interrupt controller", slice.text()),
             fmt::format("write CONTROLLER:{}", slice.text()));
      return std::nullopt;
    }
    if (!is_line) {
      interrupt.controller = slice.text();
      return interrupt;
    }
  } else {
    interrupt.controller = parts[0].text();
    if (interrupt.controller.empty()) {
      report(slice.where(), fmt::format("'{}' names no interrupt controller", slice.text()),
             fmt::format("write CONTROLLER{}", slice.text()));
      return std::nullopt;
    }
  }
  const auto line = number(parts.back(), NumberKind::plain);
  if (!line) return std::nullopt;
  if (*line > std::numeric_limits<std::uint32_t>::max()) {
    report(parts.back().where(), fmt::format("'{}' is no interrupt line", parts.back().text()));
    return std::nullopt;
  }
  interrupt.line = static_cast<std::uint32_t>(*line);
  return interrupt;
}

std::vector<Located<InterruptRef>> ValueReader::interrupts(const Word& word) {
  std::vector<Located<InterruptRef>> result;
  if (word.unresolved) return result;
  for (const Slice& part : Slice(word).split(',')) {
    if (auto one = interrupt(part, false)) result.push_back({*std::move(one), part.where()});
  }
  return result;
}

}  // namespace qvm::config
