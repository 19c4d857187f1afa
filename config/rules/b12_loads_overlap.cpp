// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLoadsOverlap;

namespace {

struct Placed {
  const Load* load = nullptr;
  std::uint64_t start = 0;
  std::uint64_t last = 0;
};

// An ELF file goes where it says itself.
std::vector<Placed> placed_loads(const CheckedVm& vm, Reader& reader) {
  std::vector<Placed> result;
  for (const Load& load : vm.model.loads) {
    if (!load.address || load.size == 0 || load.size - 1 > UINT64_MAX - *load.address) continue;
    const Image image = load.blob == Load::Blob::data ? Image{} : image_of(load, vm, reader);
    if (image.format == Image::Format::elf) continue;
    // Where it stands, a kernel for ARM clears more than its file when it starts; one for x86 moves away
    // first.
    const bool placed = image.format == Image::Format::linux_arm64;
    const std::uint64_t size = std::max(load.size, placed ? image.memory : 0);
    result.push_back(
        {&load, *load.address, *load.address + (std::min(size - 1, UINT64_MAX - *load.address))});
  }
  return result;
}

void check_b12(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::vector<Placed> all = placed_loads(vm, input.reader);
    std::sort(all.begin(), all.end(),
              [](const Placed& left, const Placed& right) { return left.start < right.start; });
    const Placed* furthest = nullptr;
    for (const Placed& one : all) {
      if (furthest != nullptr && one.start <= furthest->last) {
        const bool in_order = furthest->load->order < one.load->order;
        const Placed& earlier = in_order ? *furthest : one;
        const Placed& later = in_order ? one : *furthest;
        Diagnostic diagnostic = finding(kLoadsOverlap, later.load->where,
                                        fmt::format("'{}' at 0x{:x}-0x{:x} overlaps '{}'", later.load->path,
                                                    later.start, later.last, earlier.load->path),
                                        "move one of them");
        diagnostic.notes.push_back(
            {earlier.load->where,
             fmt::format("'{}' is at 0x{:x}-0x{:x}", earlier.load->path, earlier.start, earlier.last)});
        sink.add(std::move(diagnostic));
      }
      if (furthest == nullptr || one.last > furthest->last) furthest = &one;
    }
  }
}

}  // namespace

const Rule kLoadsOverlap{
    .id = "B12",
    .severity = Severity::error,
    .title = "two files loaded to one address",
    .documentation =
        "Files are copied in the order of the configuration; the later one overwrites the earlier, and a "
        "kernel what lies where it needs room when it starts.",
    .wrong = {"system left\nram 64M\nload guest.elf\ndata load 0x1000000,guest.bin\n"
              "data load 0x1001000,guest.elf\n"},
    .right = {"system left\nram 64M\nload guest.elf\ndata load 0x1000000,guest.bin\n"
              "data load 0x1002000,guest.elf\n"},
    .check = check_b12};

}  // namespace qvm::config
