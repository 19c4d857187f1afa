// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/address_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

bool overlap(std::uint64_t a, std::uint64_t a_length, std::uint64_t b, std::uint64_t b_length) {
  return a < b + b_length && b < a + a_length;
}

}  // namespace

void AddressMap::add_fixed(OwnedRange range) {
  x_ranges.push_back(std::move(range));
}

void AddressMap::add_machine(const std::vector<vdevs::MachineRange>& ranges) {
  for (const vdevs::MachineRange& range : ranges) {
    OwnedRange owned;
    owned.start = range.start;
    owned.length = range.length;
    owned.owner = "machine: " + std::string(range.title);
    owned.part = range.part;
    owned.optional = range.optional;
    owned.hint = "this place is fixed on this machine";
    x_ranges.push_back(std::move(owned));
  }
}

void AddressMap::report_overlap(const OwnedRange& range, const OwnedRange& other,
                                config::DiagnosticSink& sink) const {
  config::Diagnostic finding;
  finding.rule = "B02";
  finding.where = range.where;
  finding.message = fmt::format(
      "{} {} of {} overlap{} {} ({})", x_noun, describe_range(range.start, range.length), range.owner,
      x_noun.back() == 's' ? "" : "s", other.owner, describe_range(other.start, other.length));
  if (other.where.valid()) finding.notes.push_back({other.where, other.owner + " is here"});
  finding.help = other.hint;
  sink.add(std::move(finding));
}

bool AddressMap::take_part(const OwnedRange& range, config::DiagnosticSink& sink) {
  for (OwnedRange& own : x_ranges) {
    if (own.part != range.part || range.start < own.start || range.start >= own.end()) continue;
    if (own.taken) {
      report_overlap(range, own, sink);
      return false;
    }
    own.owner = range.owner;
    own.kind = range.kind;
    own.where = range.where;
    own.taken = true;
    return true;
  }
  return false;
}

bool AddressMap::claim(OwnedRange range, config::DiagnosticSink& sink) {
  if (range.length == 0 || range.end() < range.start) {
    report(sink, config::Severity::error, "plan-memory", range.where,
           fmt::format("{} at {:#x} of {} have no length or go beyond the address space", x_noun, range.start,
                       range.owner),
           "");
    return false;
  }
  if (range.part) return take_part(range, sink);
  for (const OwnedRange& other : x_ranges) {
    if (other.optional && !other.taken) continue;
    if (!overlap(range.start, range.length, other.start, other.length)) continue;
    report_overlap(range, other, sink);
    return false;
  }
  x_ranges.push_back(std::move(range));
  return true;
}

void AddressMap::fill_free(const OwnedRange& range) {
  std::vector<OwnedRange> others = x_ranges;
  std::sort(others.begin(), others.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.start < b.start; });
  std::uint64_t at = range.start;
  const auto add = [&](std::uint64_t end) {
    if (at >= end) return;
    OwnedRange piece = range;
    piece.start = at;
    piece.length = end - at;
    x_ranges.push_back(std::move(piece));
  };
  for (const OwnedRange& other : others) {
    if (other.end() <= at || other.start >= range.end()) continue;
    add(other.start);
    at = other.end();
  }
  add(range.end());
}

bool AddressMap::is_free(std::uint64_t start, std::uint64_t length) const {
  return std::none_of(x_ranges.begin(), x_ranges.end(), [&](const OwnedRange& range) {
    return overlap(start, length, range.start, range.length);
  });
}

std::vector<OwnedRange> AddressMap::ranges() const {
  std::vector<OwnedRange> result;
  for (const OwnedRange& range : x_ranges) {
    if (!range.optional || range.taken) result.push_back(range);
  }
  std::sort(result.begin(), result.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.start < b.start; });
  return result;
}

}  // namespace qvm::plan
