// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Options with their arguments as values, each with its place. Plain values, no behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/text/source.h"

namespace qvm::config {

// A place in a guest's address spaces, as `loc` writes it.
struct Location {
  enum class Space { memory, io, pci };
  Space space = Space::memory;
  std::uint64_t address = 0;            // memory address or I/O port; unused for pci
  std::optional<std::uint64_t> length;  // bytes; as written, else what the vdev's table says it claims
  std::string pci;                      // "BUS:DEV[.FUNC]" as written; only for pci
};

// `intr CONTROLLER:LINE`; an interrupt controller's own `intr apic` has no line.
struct InterruptRef {
  std::string controller;
  std::optional<std::uint32_t> line;
};

// `pass loc`: resources of the host that the guest sees.
struct PassedLocation {
  Location guest;                     // pci: empty if only the host's device is named
  std::string flags;                  // as written: "rwn", "+rw-x"
  std::optional<std::uint64_t> host;  // address; absent: the same as the guest's
  std::string host_pci;               // "VID/DID[/INDEX]" or "BUS:DEV[.FUNC]"; only for pci
};

// `pass intr`: a vector of the host on a line of the guest.
struct PassedInterrupt {
  InterruptRef guest;
  std::string flags;
  std::optional<std::uint64_t> vector;  // absent: the controller's `hostvector` and the line
};

// One argument, converted as the option table's type says. Text is what was written, after substitution and
// quotes. boolean, and tristate but for "auto": bool. number, size, address: uint64. location: Location.
// interrupt: InterruptRef. mode: uint64. Lists and tuples: their parts; numbers in them as plain decimal
// digits. region-create: {name, bytes as decimal digits, mode as octal digits or "", group or ""}.
// pass-location: PassedLocation. pass-interrupt: PassedInterrupt. Everything else, and what could not be
// converted (reported): monostate.
struct Argument {
  std::string text;
  // A number that is read in another way elsewhere, as addresses without a prefix are and '0X', in
  // hexadecimal digits after "0x", which everybody reads alike. Else empty.
  std::string clear_number{};
  SourceRange where;
  std::variant<std::monostate, bool, std::uint64_t, Location, InterruptRef, std::vector<std::string>,
               PassedLocation, PassedInterrupt>
      value;
};

// One option with its arguments, in the order written. Repeated non-repeatable options are already reduced to
// the last.
struct Option {
  std::string name;
  SourceRange where;  // the option word itself
  std::vector<Argument> arguments;
};

}  // namespace qvm::config
