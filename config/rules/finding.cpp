// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace qvm::config {
namespace {

void add_claims(const Vdev& vdev, std::vector<Occupied>& result) {
  const auto add = [&](Location::Space space, std::uint64_t start, std::uint64_t length,
                       const SourceRange& where) {
    if (length != 0 && length - 1 <= UINT64_MAX - start)
      result.push_back({space, start, start + (length - 1), where, label(vdev)});
  };
  const bool located = vdev.location && vdev.location->value.space != Location::Space::pci;
  const SourceRange where = located && vdev.location->where.valid() ? vdev.location->where : vdev.where;
  if (vdev.table == nullptr) {
    if (located)
      add(vdev.location->value.space, vdev.location->value.address, vdev.location->value.length.value_or(1),
          where);
    return;
  }
  for (const Claim& claim : vdev.table->claims) {
    if (!claim.holds_with(vdev.options)) continue;
    if (claim.address) {
      add(claim.space, *claim.address, claim.length, vdev.where);
    } else if (located && vdev.location->value.space == claim.space) {
      const std::uint64_t length =
          claim.offset == 0 ? vdev.location->value.length.value_or(claim.length) : claim.length;
      const std::uint64_t base = vdev.location->value.address;
      if (claim.offset <= UINT64_MAX - base) add(claim.space, base + claim.offset, length, where);
    }
  }
  // Further ranges that its options name, such as a window for memory.
  for (const Option& option : vdev.options) {
    if (option.name == "loc") continue;
    for (const Argument& argument : option.arguments) {
      const auto* location = std::get_if<Location>(&argument.value);
      if (location != nullptr && location->length)
        add(location->space, location->address, *location->length, argument.where);
    }
  }
}

}  // namespace

Diagnostic finding(const Rule& rule, const SourceRange& where, std::string message, std::string help) {
  Diagnostic diagnostic;
  diagnostic.severity = rule.severity;
  diagnostic.rule = rule.id;
  diagnostic.where = where;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  return diagnostic;
}

Diagnostic finding(const Rule& rule, const SourceRange& where, Severity severity, std::string message,
                   std::string help) {
  Diagnostic diagnostic = finding(rule, where, std::move(message), std::move(help));
  diagnostic.severity = severity;
  return diagnostic;
}

SourceRange span(const SourceRange& first, const SourceRange& last) {
  if (first.source != last.source || last.end < first.begin) return first;
  return {first.source, first.begin, last.end};
}

std::string written(const ParsedOption& item) {
  std::string text = item.word.text;
  for (const Word& argument : item.arguments) text += " " + argument.text;
  return text;
}

std::string label(const Vdev& vdev) {
  if (vdev.name) return fmt::format("vdev '{}' ({})", vdev.type, vdev.name->value);
  return fmt::format("vdev '{}'", vdev.type);
}

std::vector<Occupied> occupied_by(const VmConfig& vm) {
  std::vector<Occupied> result;
  for (const MemoryPiece& piece : vm.memory) {
    result.push_back({Location::Space::memory, piece.start, piece.start + (piece.length - 1), piece.where,
                      piece.kind == MemoryPiece::Kind::ram ? "ram" : "rom"});
  }
  for (const Vdev& vdev : vm.vdevs) add_claims(vdev, result);
  return result;
}

std::vector<Controller> controllers_of(const VmConfig& vm) {
  std::vector<Controller> result;
  for (const Vdev& vdev : vm.vdevs) {
    if (vdev.table != nullptr && !vdev.table->interrupt_controller) continue;
    result.push_back({vdev.name ? vdev.name->value : vdev.type, &vdev, vdev.table != nullptr});
  }
  return result;
}

}  // namespace qvm::config
