// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLoadKinds;

namespace {

void report_second(const Load& load, const Load& first, std::string message, std::string help,
                   DiagnosticSink& sink) {
  Diagnostic diagnostic = finding(kLoadKinds, load.where, std::move(message), std::move(help));
  diagnostic.notes.push_back({first.where, "the first one"});
  sink.add(std::move(diagnostic));
}

void check_vm(const CheckedVm& vm, Reader& reader, DiagnosticSink& sink) {
  const Load* kernel = nullptr;  // what the guest starts with, for certain
  const Load* tree = nullptr;
  const Load* initrd = nullptr;
  bool may_boot = false;  // something that could be a kernel
  for (const Load& load : vm.model.loads) {
    const bool sniffed = load.blob == Load::Blob::automatic;
    const Image image = sniffed ? image_of(load, vm, reader) : Image{};
    if (load.blob == Load::Blob::guest || (sniffed && image.boots())) {
      if (kernel != nullptr) {
        report_second(
            load, *kernel, fmt::format("'{}' is a second image to start", load.path),
            "only the first one is started; write 'data load ADDR,FILE' for what is only to be in memory",
            sink);
      } else {
        kernel = &load;
      }
    }
    if (load.blob == Load::Blob::fdt || image.format == Image::Format::device_tree) {
      if (tree != nullptr && (load.blob != Load::Blob::fdt || tree->blob != Load::Blob::fdt))
        report_second(load, *tree, fmt::format("'{}' is a second device tree", load.path), "load one of them",
                      sink);
      tree = &load;
    } else if (sniffed) {
      may_boot = true;
    }
    if (load.blob == Load::Blob::initrd) {
      if (initrd != nullptr)
        report_second(load, *initrd, fmt::format("'{}' is a second initrd", load.path),
                      "join them into one file: only one is handed to the kernel", sink);
      if (initrd == nullptr) initrd = &load;
    }
  }
  // What is started might be in a rom that data fills.
  const bool has_rom = !vm.model.memory.empty() && vm.model.memory.front().kind == MemoryPiece::Kind::rom;
  if (initrd != nullptr && kernel == nullptr && !may_boot && !has_rom) {
    sink.add(finding(kLoadKinds, initrd->where,
                     fmt::format("initrd '{}' is loaded, but no kernel", initrd->path), "add 'load KERNEL'"));
  }
}

void check_b10(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) check_vm(vm, input.reader, sink);
}

}  // namespace

const Rule kLoadKinds{
    .id = "B10",
    .severity = Severity::warning,
    .title = "files to load that do not belong together",
    .documentation =
        "A guest starts with one image: a second one that is of a format to start from, a second initrd, an "
        "initrd "
        "without a kernel, and a device tree both as fdt and as a plain load are probably mistakes.",
    .wrong = {"system left\nram 64M\ninitrd load guest.bin\n"},
    .right = {"system left\nram 64M\nload bzImage\ninitrd load guest.bin\n"},
    .check = check_b10};

}  // namespace qvm::config
