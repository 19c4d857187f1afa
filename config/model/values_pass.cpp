// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What `pass` gives to the guest: places with flags, and interrupts.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/model/values.h"

namespace qvm::config {
namespace {

constexpr std::string_view kLocationFlags = "+-rwxcemdnst";
constexpr std::string_view kInterruptFlags = "ut";

}  // namespace

bool ValueReader::pass_flags(const Slice& slice, std::string_view known) {
  for (std::size_t i = slice.begin; i < slice.end; ++i) {
    const char flag = slice.word->text[i];
    if (known.find(flag) != std::string_view::npos) continue;
    std::string all;
    for (const char one : known) all += all.empty() ? std::string(1, one) : fmt::format(" {}", one);
    report(Slice(*slice.word, i, i + 1).where(), fmt::format("'{}' is no flag", flag),
           fmt::format("the flags are {}", all));
    return false;
  }
  return true;
}

// "pci:0:4=pci:8086/1c20", or only the host's device. A length and flags have no meaning for a PCI device,
// but may stand there; rule F04 tells.
std::optional<PassedLocation> ValueReader::pass_pci(const Word& word) {
  constexpr std::size_t kPrefix = 4;
  const std::size_t equals = word.text.find('=');
  const auto position = [this, &word](std::size_t begin, std::size_t end) {
    return pci(Slice(word, begin, std::min(end, word.text.find(',', begin))));
  };
  PassedLocation result;
  if (equals == std::string::npos) {
    const auto host = position(kPrefix, word.text.size());
    if (!host) return std::nullopt;
    result.guest.space = Location::Space::pci;
    result.host_pci = host->pci;
    return result;
  }
  const auto guest = position(kPrefix, equals);
  const bool named = std::string_view(word.text).substr(equals + 1).starts_with("pci:");
  const auto host = pci(Slice(word, equals + 1 + (named ? kPrefix : 0), word.text.size()));
  if (!guest || !host) return std::nullopt;
  result.guest = *guest;
  result.host_pci = host->pci;
  return result;
}

std::optional<PassedLocation> ValueReader::pass_location(const Word& word) {
  const std::string_view text = word.text;
  if (text.starts_with("pci:")) return pass_pci(word);
  PassedLocation result;
  std::size_t begin = 0;
  if (text.starts_with("mem:")) begin = 4;
  if (text.starts_with("io:")) {
    begin = 3;
    result.guest.space = Location::Space::io;
  }
  const std::size_t equals = text.find('=');
  std::size_t end = equals == std::string_view::npos ? text.size() : equals;
  // Both "rw=0x1000" and "rw,=0x1000" are in QNX's documentation.
  if (equals != std::string_view::npos && end > begin && text[end - 1] == ',') --end;
  const auto parts = Slice(word, begin, end).split(',');
  const auto address = number(parts[0], NumberKind::address);
  std::size_t next = 1;
  // No flag is a digit, and every length starts with one.
  if (next < parts.size() && !parts[next].text().empty() &&
      std::isdigit(static_cast<unsigned char>(parts[next].text().front())) != 0) {
    result.guest.length = number(parts[next++], NumberKind::size);
    if (!result.guest.length) return std::nullopt;
    if (*result.guest.length == 0) {
      report(parts[1].where(), "the length is 0");
      return std::nullopt;
    }
  }
  if (next < parts.size()) {
    if (!pass_flags(parts[next], kLocationFlags)) return std::nullopt;
    result.flags = parts[next++].text();
  }
  if (next < parts.size()) {
    report(parts[next].where(), fmt::format("'{}' is one part too many", parts[next].text()),
           "write GUEST,LENGTH[,FLAGS][=HOST] without blanks");
    return std::nullopt;
  }
  if (equals != std::string_view::npos) {
    result.host = number(Slice(word, equals + 1, text.size()), NumberKind::address);
    if (!result.host) return std::nullopt;
  }
  if (!address) return std::nullopt;
  result.guest.address = *address;
  const std::uint64_t length = result.guest.length.value_or(1);
  if (!check_end(*address, length, word.where)) return std::nullopt;
  if (result.host && !check_end(*result.host, length, word.where)) return std::nullopt;
  return result;
}

std::optional<PassedInterrupt> ValueReader::pass_interrupt(const Word& word) {
  const std::string_view text = word.text;
  const std::size_t equals = text.find('=');
  const std::size_t end = equals == std::string_view::npos ? text.size() : equals;
  const std::size_t comma = std::min(text.find(','), end);
  PassedInterrupt result;
  const auto guest = interrupt(Slice(word, 0, comma), false);
  if (comma < end) {
    const Slice flags(word, comma + 1, end);
    if (!pass_flags(flags, kInterruptFlags)) return std::nullopt;
    result.flags = flags.text();
  }
  if (equals != std::string_view::npos) {
    result.vector = number(Slice(word, equals + 1, text.size()), NumberKind::plain);
    if (!result.vector) return std::nullopt;
  }
  if (!guest) return std::nullopt;
  result.guest = *guest;
  return result;
}

}  // namespace qvm::config
