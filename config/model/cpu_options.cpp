// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/cpu_options.h"

#include <algorithm>

namespace qvm::config {
namespace {

std::optional<HostCpu> numbered(std::string_view digits, const SourceRange& where) {
  const auto number = parse_number(digits, NumberKind::plain);
  if (!number || number->value > UINT32_MAX) return std::nullopt;
  return HostCpu{static_cast<std::uint32_t>(number->value), where};
}

}  // namespace

std::vector<HostCpu> host_cpus_of(const Cpu& cpu) {
  // The cluster that QNX makes of every single CPU.
  constexpr std::string_view kSingle = "_cpu-";
  std::vector<HostCpu> result;
  for (const Option& option : cpu.options) {
    if (option.arguments.empty()) continue;
    const Argument& argument = option.arguments.front();
    if (option.name == "runmask") {
      result.clear();
      constexpr std::uint32_t kMost = 4096;  // from there on it is no number of a CPU: A20 tells
      for (const Piece& piece : pieces_of(argument, ',')) {
        const auto one = numbered(piece.text, piece.where);
        if (one && one->number < kMost) result.push_back(*one);
      }
    } else if (option.name == "cluster" && argument.text.starts_with(kSingle)) {
      if (auto one = numbered(std::string_view(argument.text).substr(kSingle.size()), argument.where))
        result = {*one};
    }
  }
  return result;
}

std::optional<Priority> priority_of(const std::vector<Option>& options) {
  const Argument* sched = find_argument(options, "sched");
  if (sched == nullptr) return std::nullopt;
  const std::vector<Piece> pieces = pieces_of(*sched, ',');
  const std::string_view text = pieces.front().text;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits), NumberKind::plain);
  if (digits == 0 || !number || number->value > UINT32_MAX) return std::nullopt;
  return Priority{static_cast<std::uint32_t>(number->value), pieces.front().where};
}

}  // namespace qvm::config
