// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/pci_position.h"

#include <algorithm>

#include "config/language/numbers.h"

namespace qvm::config {

std::optional<PciPosition> parse_pci_position(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find('/') != std::string_view::npos) return std::nullopt;
  const std::size_t dot = std::min(text.find('.', colon), text.size());
  const auto number = [](std::string_view digits) { return parse_number(digits, NumberKind::plain); };
  const auto bus = number(text.substr(0, colon));
  const auto device = number(text.substr(colon + 1, dot - colon - 1));
  if (!bus || !device) return std::nullopt;
  PciPosition result{bus->value, device->value, 0};
  if (dot < text.size()) {
    const auto function = number(text.substr(dot + 1));
    if (!function) return std::nullopt;
    result.function = function->value;
  }
  return result;
}

}  // namespace qvm::config
