// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNoMemory;

namespace {

bool tried(const SyntaxTree& tree) {
  return std::any_of(tree.items.begin(), tree.items.end(),
                     [](const ParsedOption& item) { return item.context == 0 && item.spec->name == "ram"; });
}

bool is_ram(const MemoryPiece& piece) {
  return piece.kind == MemoryPiece::Kind::ram;
}

// What the file takes in memory; 0 if its size says little, because it is taken apart while it is loaded.
std::uint64_t needed_by(const Load& load, const CheckedVm& vm, Reader& reader) {
  if (load.blob == Load::Blob::automatic || load.blob == Load::Blob::guest)
    return image_of(load, vm, reader).memory;
  return load.blob == Load::Blob::fdt || load.blob == Load::Blob::acpi ? 0 : load.size;
}

void check_b06(const RuleInput& input, DiagnosticSink& sink) {
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
    std::vector<Note> notes;
    for (const Load& load : vm.model.loads) {
      const std::uint64_t own = needed_by(load, vm, input.reader);
      needed += std::min(own, UINT64_MAX - needed);
      if (needed <= room) {
        if (own != 0) notes.push_back({load.where, fmt::format("this takes {} bytes", own)});
        continue;
      }
      Diagnostic diagnostic = finding(
          kNoMemory, load.where,
          fmt::format("with '{}' the loaded files take {} bytes, the VM has {}", load.path, needed, room),
          own > load.size ? fmt::format("give the VM more ram: '{}' says that it takes {} bytes when it runs",
                                        load.path, own)
                          : "give the VM more ram");
      diagnostic.notes = std::move(notes);
      sink.add(std::move(diagnostic));
      break;
    }
  }
}

}  // namespace

const Rule kNoMemory{.id = "B06",
                     .severity = Severity::error,
                     .title = "no ram, or less than the loaded files need",
                     .documentation =
                         "A guest cannot run without ram, nor if its kernel (by the size that its header "
                         "gives), initrd and data files "
                         "are together larger than all its memory.",
                     .wrong = {"system left\nram 8M\ncpu\nload bzImage\n"},
                     .right = {"system left\nram 64M\ncpu\nload bzImage\n"},
                     .check = check_b06};

}  // namespace qvm::config
