// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The checked model of one VM: what its qvmconf words mean, each with its place. Plain values, no behaviour.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/language/option.h"
#include "config/text/source.h"

namespace qvm::config {

class OptionTable;

// Which kind of machine a VM is; config/model/architecture.h finds it out.
enum class Architecture { x86_64, aarch64 };

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
  std::optional<Located<std::string>> system;  // name; absent: the file's stem
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
