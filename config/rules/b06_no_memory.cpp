// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/catalog.h"
#include "config/rules/finding.h"

namespace qvm::config {
namespace {

bool tried(const SyntaxTree& tree) {
  return std::any_of(tree.items.begin(), tree.items.end(),
                     [](const ParsedOption& item) { return item.context == 0 && item.spec->name == "ram"; });
}

bool is_ram(const MemoryPiece& piece) {
  return piece.kind == MemoryPiece::Kind::ram;
}

void check(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const auto& memory = vm.model.memory;
    if (std::none_of(memory.begin(), memory.end(), is_ram)) {
      if (tried(vm.tree) || vm.tree.unreadable) continue;
      sink.add(finding(kNoMemory, vm.tree.start, fmt::format("VM '{}' has no ram", vm.name),
                       "add an option such as 'ram 512M'"));
      continue;
    }
    std::uint64_t room = 0;
    for (const MemoryPiece& piece : memory) room += std::min(piece.length, UINT64_MAX - room);
    std::uint64_t needed = 0;
    for (const Load& load : vm.model.loads) {
      // Other files are taken apart while they are loaded: their size says little.
      if (load.blob != Load::Blob::data && load.blob != Load::Blob::initrd) continue;
      needed += std::min(load.size, UINT64_MAX - needed);
      if (needed <= room) continue;
      sink.add(finding(
          kNoMemory, load.where,
          fmt::format("with '{}' the loaded files take {} bytes, the VM has {}", load.path, needed, room),
          "give the VM more ram"));
      break;
    }
  }
}

}  // namespace

const Rule kNoMemory{
    .id = "B06",
    .severity = Severity::error,
    .title = "no ram, or less than the loaded files need",
    .documentation =
        "A guest cannot run without ram, nor if initrd and data files are larger than all its memory.",
    .wrong = {"system left\ncpu\n"},
    .right = {"system left\nram 64M\ncpu\n"},
    .check = check};

}  // namespace qvm::config
