// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Values that single devices have: tuples, hardware addresses, priorities, registers of PCI devices.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/model/values.h"
#include "config/text/ascii.h"

namespace qvm::config {
namespace {

constexpr std::uint64_t kHighestPriority = 255;
constexpr std::array<std::uint64_t, 4> kRegisterSizes = {1, 2, 4, 8};
constexpr std::uint64_t kConfigurationSpace = 4096;  // bytes, of a PCI Express device

}  // namespace

bool ValueReader::integer(const Slice& slice) {
  const std::string_view text = slice.text();
  const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  return number(Slice(*slice.word, slice.begin + sign, slice.end), NumberKind::plain).has_value();
}

std::optional<std::string> ValueReader::part(const Slice& slice, const ArgumentSpec& spec) {
  std::optional<std::uint64_t> value;
  if (spec.type == ArgumentType::integer)
    return integer(slice) ? std::optional(std::string(slice.text())) : std::nullopt;
  if (spec.type == ArgumentType::address) {
    value = limited(slice, NumberKind::address, spec);
  } else if (spec.type == ArgumentType::size) {
    value = limited(slice, NumberKind::size, spec);
  } else {
    value = limited(slice, NumberKind::plain, spec);
  }
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::vector<std::string> ValueReader::tuple(const Word& word, const ArgumentSpec& spec) {
  const auto slices = Slice(word).split(',');
  const auto needed = static_cast<std::size_t>(std::count_if(
      spec.parts.begin(), spec.parts.end(), [](const ArgumentSpec& one) { return !one.optional; }));
  if (slices.size() < needed || slices.size() > spec.parts.size()) {
    report(word.where,
           fmt::format("'{}' has {} part{}", word.text, slices.size(), slices.size() == 1 ? "" : "s"),
           fmt::format("write {} without blanks", spec.name));
    return {};
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (auto value = part(slices[i], spec.parts[i])) values.push_back(*std::move(value));
  }
  return values.size() == slices.size() ? values : std::vector<std::string>();
}

void ValueReader::mac(const Word& word) {
  const auto pairs = Slice(word).split(':');
  const bool good = pairs.size() == 6 && std::all_of(pairs.begin(), pairs.end(), [](const Slice& pair) {
                      const std::string_view text = pair.text();
                      return text.size() == 2 && is_hex_digit(text[0]) && is_hex_digit(text[1]);
                    });
  if (good) return;
  report(word.where, fmt::format("'{}' is not a hardware address", word.text),
         "write six pairs of hexadecimal digits with colons, as in 02:00:00:00:00:01");
}

void ValueReader::priority(const Word& word) {
  std::size_t end = word.text.size();
  if (end > 1 && std::string_view("rfo").find(word.text.back()) != std::string_view::npos) --end;
  ArgumentSpec range;
  range.minimum = 1;
  range.maximum = kHighestPriority;
  limited(Slice(word, 0, end), NumberKind::plain, range);
}

void ValueReader::pci_register(const Word& word, const ArgumentSpec& spec) {
  const std::size_t equals = word.text.find('=');
  if (equals == std::string::npos) {
    report(word.where, fmt::format("'{}' gives no value", word.text),
           "write OFFSET/SIZE=VALUE or NAME=VALUE, as in 0/4=0xffff or Vendor_ID=0x1c05");
    return;
  }
  const Slice place(word, 0, equals);
  number(Slice(word, equals + 1, word.text.size()), NumberKind::plain);
  if (std::find(spec.keywords.begin(), spec.keywords.end(), place.text()) != spec.keywords.end()) return;
  const auto parts = place.split('/');
  if (parts.size() != 2) {
    report(place.where(), fmt::format("'{}' is no register", place.text()),
           fmt::format("write OFFSET/SIZE, or one of {}", fmt::join(spec.keywords, ", ")));
    return;
  }
  ArgumentSpec range;
  range.maximum = kConfigurationSpace - 1;
  limited(parts[0], NumberKind::plain, range);
  const auto size = number(parts[1], NumberKind::plain);
  if (!size || std::find(kRegisterSizes.begin(), kRegisterSizes.end(), *size) != kRegisterSizes.end()) return;
  report(parts[1].where(), fmt::format("a register cannot have {} bytes", *size),
         fmt::format("its size is one of {}", fmt::join(kRegisterSizes, ", ")));
}

}  // namespace qvm::config
