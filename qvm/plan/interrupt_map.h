// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who raises which interrupt line: one owner per line, because QEMU does not OR several.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/diagnostic.h"
#include "vdevs/machine.h"

namespace qvm::plan {

struct LineOwner {
  std::uint32_t line = 0;
  std::string owner;
  config::SourceRange where;
  std::optional<vdevs::Part> part;
  bool silent = false;  // its guest need not ever use the line
};

class InterruptMap {
 public:
  explicit InterruptMap(const vdevs::Machine& machine);

  // A part of the machine may share a line with another part: the machine wires that itself. Anything else
  // needs a line of its own. False after an error in sink: no such line, or somebody else's (both places
  // told).
  bool claim(LineOwner use, config::DiagnosticSink& sink);

  // The machine routes interrupts of PCI devices to these lines: nobody else may have them. silent: all of
  // these devices have message interrupts as well, and who claims a line is only warned.
  void add_pci(const std::vector<std::uint32_t>& lines, bool silent);

  // Owners in order of line, then of configuration; the machine's own are left out where a vdev is that part.
  std::vector<LineOwner> owners() const;

  // "5, 10, 11": lines nobody owns, "…" after the first sixteen.
  std::string free_lines() const;

 private:
  const std::string_view x_controller;
  const std::uint32_t x_first;
  const std::uint32_t x_lines;
  std::vector<LineOwner> x_owners;
};

}  // namespace qvm::plan
