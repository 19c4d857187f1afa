// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who owns which addresses of one address space of a guest: every range with its owner and place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/text/diagnostic.h"
#include "qvm/plan/vm_plan.h"
#include "vdevs/machine.h"

namespace qvm::plan {

struct OwnedRange {
  MemoryRange::Kind kind = MemoryRange::Kind::device;  // means nothing for ports
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::string owner;                  // "vdev disk0", "ram", "machine: I/O APIC"
  config::SourceRange where;          // invalid for what the machine brings
  std::optional<vdevs::Part> part{};  // a part of the machine
  bool optional = false;              // not there unless a vdev takes it
  bool taken = false;                 // a vdev is this part
  std::string hint{};                 // help for whoever wants the same place; may be empty

  std::uint64_t end() const { return start + length; }
};

class AddressMap {
 public:
  // noun begins its messages: "memory", "I/O ports".
  explicit AddressMap(std::string noun) : x_noun(std::move(noun)) {}

  // Something that is there anyhow; must not overlap what is in the map.
  void add_fixed(OwnedRange range);
  void add_machine(const std::vector<vdevs::MachineRange>& ranges);

  // Gives the range to an owner. With a part: the machine's range of that part which holds range.start
  // becomes the owner's. False after an error in sink: it overlaps another owner's (both places told), wraps,
  // or has no length.
  bool claim(OwnedRange range, config::DiagnosticSink& sink);

  // Gives to the owner what is still free of the range.
  void fill_free(const OwnedRange& range);

  // Nothing is there, parts that a vdev might take included.
  bool is_free(std::uint64_t start, std::uint64_t length) const;

  // In order of address, without optional parts that nobody took.
  std::vector<OwnedRange> ranges() const;

 private:
  bool take_part(const OwnedRange& range, config::DiagnosticSink& sink);
  void report_overlap(const OwnedRange& range, const OwnedRange& other, config::DiagnosticSink& sink) const;

  std::string x_noun;
  std::vector<OwnedRange> x_ranges;
};

}  // namespace qvm::plan
