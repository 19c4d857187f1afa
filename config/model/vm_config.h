// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The checked model of one VM: what its qvmconf words mean, each with its place. Plain values, no behaviour.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/text/source.h"

namespace qvm::config {

class OptionTable;

// Which kind of machine a VM is; config/model/architecture.h finds it out.
enum class Architecture { x86_64, aarch64 };

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

struct MemoryPiece {
  enum class Kind { ram, rom };
  Kind kind = Kind::ram;
  std::uint64_t start = 0;  // guest-physical; placed after the highest so far when the file gave none
  std::uint64_t length = 0;
  SourceRange where;      // the argument
  std::size_t order = 0;  // position among all options of the VM: what is smaller was read before
};

struct Load {
  enum class Blob { automatic, guest, initrd, data, fdt, acpi };
  Blob blob = Blob::automatic;
  std::optional<std::uint64_t> address;
  std::string path;        // as written; relative to the caller's directory
  std::uint64_t size = 0;  // bytes; 0 if unknown
  SourceRange where;       // the argument
  std::size_t order = 0;   // as in MemoryPiece
};

struct Cpu {
  SourceRange where;
  std::vector<Option> options;
};

// `reserve loc …` and `reserve intr …`.
struct Reserve {
  SourceRange where;
  std::vector<Located<Location>> locations;
  std::vector<Located<InterruptRef>> interrupts;
  std::size_t order = 0;  // as in MemoryPiece
};

struct PassedThrough {
  SourceRange where;
  Load::Blob blob = Load::Blob::automatic;  // what is at the places, if that was said
  std::vector<Located<PassedLocation>> locations;
  std::vector<Located<PassedInterrupt>> interrupts;
  std::size_t order = 0;  // as in MemoryPiece
};

struct Vdev {
  std::string type;                    // normalised: no "vdev-" and ".so"
  SourceRange where;                   // the type word
  const OptionTable* table = nullptr;  // nullptr: unknown type, options kept as one-argument guesses
  std::optional<Located<std::string>> name;
  std::optional<Located<Location>>
      location;  // as written, or the table's default (then with an invalid range)
  std::vector<Located<InterruptRef>> interrupts;
  std::vector<Option> options;  // all, the common ones included, in the order written
  std::size_t order = 0;        // as in MemoryPiece
};

struct SetVariable {
  std::string name;
  Argument value;
  SourceRange where;
  // The cpu or vdev whose variable it is, by index; absent: the VM's.
  std::optional<std::size_t> cpu;
  std::optional<std::size_t> vdev;
};

// What makes a VM impossible to start in this build although it is right: `pass`, `safety required`. Vdevs
// say so in their tables.
struct Unsupported {
  std::string what;  // "pass", "safety required"
  std::string why;   // and what is possible instead
  SourceRange where;
};

// What one VM's files and inline options say. Everything not named here is in options.
struct VmConfig {
  SourceRange where;  // start of its first source
  Architecture architecture = Architecture::x86_64;
  std::optional<Located<std::string>> system;  // name; the launcher falls back to the file's stem
  std::vector<MemoryPiece> memory;
  std::vector<Cpu> cpus;  // empty: one vCPU
  std::vector<Load> loads;
  std::optional<Located<std::string>> cmdline;
  std::vector<Reserve> reserves;
  std::vector<PassedThrough> passes;
  std::vector<Vdev> vdevs;
  std::vector<Vdev> implicit;  // that the machine has although nobody wrote them; their place is the VM's
  std::vector<SetVariable> variables;
  std::vector<Option> options;  // logger, unsupported, dump, dryrun, debug, …
  std::vector<Unsupported> unsupported;
  bool dryrun = false;
};

}  // namespace qvm::config
