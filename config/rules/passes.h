// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What `pass` hands to a guest, taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model/options.h"

namespace qvm::config {

// `loc [mem:|io:]GUEST,LENGTH[,FLAGS][=HOST]` or `loc pci:BUS:DEV[.FUNC][=pci:HOST]`, `loc pci:HOST`.
struct PassRange {
  Location::Space space = Location::Space::memory;
  SourceRange where;                    // the argument
  std::uint64_t guest = 0;              // address or port
  std::optional<std::uint64_t> length;  // bytes or ports; QNX 7 allows it to be missing
  std::optional<Piece> length_piece;
  Piece flags;                        // as written; empty: none
  std::optional<std::uint64_t> host;  // absent: the same as for the guest
  std::optional<Piece> host_piece;    // with its '='
  std::string pci_guest;              // position, empty: automatic
  std::string pci_host;               // position or VID/DID[/INDEX]

  // Whether the letter is on: "+" (the start) adds those that follow, "-" takes them away. m implies rwxcstn.
  bool has(char flag) const;
  std::uint64_t host_start() const { return host.value_or(guest); }
};

// `intr CONTROLLER:LINE[,FLAGS][=VECTOR]`.
struct PassInterrupt {
  SourceRange where;  // the argument
  InterruptRef guest;
  SourceRange guest_where;
  Piece flags;
  std::optional<std::uint64_t> vector;  // of the host
  SourceRange vector_where;
};

struct Pass {
  SourceRange where;  // the word `pass`
  std::vector<PassRange> ranges;
  std::vector<PassInterrupt> interrupts;
  std::size_t options = 0;  // written in it, also those that could not be understood
  std::size_t order = 0;    // as in MemoryPiece
};

// In order; what cannot be understood is left out.
std::vector<Pass> passes_of(const CheckedVm& vm);

}  // namespace qvm::config
