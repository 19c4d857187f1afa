// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/passes.h"

#include <algorithm>
#include <unordered_map>

#include "config/language/numbers.h"

namespace qvm::config {
namespace {

constexpr std::string_view kPci = "pci:";

std::optional<std::uint64_t> number(std::string_view text, NumberKind kind) {
  const auto parsed = parse_number(text, kind);
  if (!parsed) return std::nullopt;
  return parsed->value;
}

void take_pci(std::string_view guest, std::string_view host, PassRange& range) {
  range.space = Location::Space::pci;
  if (guest.starts_with(kPci)) guest.remove_prefix(kPci.size());
  if (host.starts_with(kPci)) host.remove_prefix(kPci.size());
  // A single name with a vendor is the host's: the guest's position is automatic then.
  if (host.empty() && guest.find('/') != std::string_view::npos) {
    range.pci_host = guest.substr(0, guest.find(','));
    return;
  }
  range.pci_guest = guest.substr(0, guest.find(','));
  range.pci_host = host.empty() ? std::string(range.pci_guest) : std::string(host);
}

std::optional<PassRange> read_range(const Word& word) {
  if (word.unresolved) return std::nullopt;
  PassRange range;
  range.where = word.where;
  const std::string_view text = word.text;
  const std::size_t equals = std::min(text.find('='), text.size());
  if (equals != text.size())
    range.host_piece = Piece{word.text.substr(equals), word.part(equals, text.size())};
  Word guest = word;
  guest.text.resize(equals);
  if (!guest.bytes.empty()) guest.bytes.resize(equals);
  std::vector<Piece> parts = pieces_of(guest, ',');
  if (text.starts_with(kPci)) {
    take_pci(text.substr(0, equals), equals == text.size() ? "" : text.substr(equals + 1), range);
    if (parts.size() > 1) range.length_piece = parts[1];
    if (parts.size() > 2) range.flags = parts[2];
    return range;
  }
  std::string_view start = parts.front().text;
  if (start.starts_with("io:")) range.space = Location::Space::io;
  if (start.starts_with("io:") || start.starts_with("mem:")) start.remove_prefix(start.find(':') + 1);
  const auto address = number(start, NumberKind::address);
  if (!address) return std::nullopt;
  range.guest = *address;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto length = i == 1 ? number(parts[i].text, NumberKind::size) : std::nullopt;
    if (length) {
      range.length = length;
      range.length_piece = parts[i];
    } else if (!parts[i].text.empty()) {
      range.flags = parts[i];
    }
  }
  if (range.host_piece) {
    range.host = number(std::string_view(range.host_piece->text).substr(1), NumberKind::address);
    if (!range.host) return std::nullopt;
  }
  return range;
}

std::optional<PassInterrupt> read_interrupt(const Word& word) {
  if (word.unresolved) return std::nullopt;
  PassInterrupt interrupt;
  interrupt.where = word.where;
  const std::string_view text = word.text;
  const std::size_t equals = std::min(text.find('='), text.size());
  if (equals != text.size()) {
    interrupt.vector = number(text.substr(equals + 1), NumberKind::plain);
    interrupt.vector_where = word.part(equals + 1, text.size());
  }
  const std::size_t comma = std::min(text.substr(0, equals).find(','), equals);
  if (comma < equals) {
    interrupt.flags = {word.text.substr(comma + 1, equals - comma - 1), word.part(comma + 1, equals)};
  }
  interrupt.guest_where = word.part(0, comma);
  const std::size_t colon = text.substr(0, comma).find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto line = number(text.substr(colon + 1, comma - colon - 1), NumberKind::plain);
  if (!line || *line > UINT32_MAX) return std::nullopt;
  interrupt.guest = {std::string(text.substr(0, colon)), static_cast<std::uint32_t>(*line)};
  return interrupt;
}

}  // namespace

bool PassRange::has(char flag) const {
  bool adding = true;
  bool on = false;
  for (const char c : flags.text) {
    if (c == '+' || c == '-') adding = c == '+';
    if (c == flag) on = adding;
    if (c == 'm' && std::string_view("rwxcstn").find(flag) != std::string_view::npos) on = adding;
  }
  return on;
}

std::vector<Pass> passes_of(const CheckedVm& vm) {
  std::vector<Pass> result;
  std::unordered_map<std::size_t, std::size_t> by_context;
  for (std::size_t i = 0; i < vm.tree.contexts.size(); ++i) {
    const Context& context = vm.tree.contexts[i];
    if (context.kind != Context::Kind::pass || context.opener == SIZE_MAX) continue;
    by_context.emplace(i, result.size());
    Pass& pass = result.emplace_back();
    pass.where = vm.tree.items[context.opener].word.where;
    pass.order = context.opener;
  }
  if (result.empty()) return result;
  for (const ParsedOption& item : vm.tree.items) {
    const auto found = by_context.find(item.context);
    if (found == by_context.end()) continue;
    Pass& pass = result[found->second];
    ++pass.options;
    if (item.arguments.empty()) continue;
    if (item.spec->name == "loc") {
      if (auto range = read_range(item.arguments.front())) pass.ranges.push_back(*std::move(range));
    } else if (item.spec->name == "intr") {
      if (auto interrupt = read_interrupt(item.arguments.front()))
        pass.interrupts.push_back(*std::move(interrupt));
    }
  }
  return result;
}

}  // namespace qvm::config
