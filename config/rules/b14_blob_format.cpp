// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kBlobFormat;

namespace {

void check_b14(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Load& load : vm.model.loads) {
      if (load.size == 0) continue;
      if (load.blob != Load::Blob::fdt && load.blob != Load::Blob::initrd) continue;
      const Image image = image_of(load, vm, input.reader);
      const bool tree = image.format == Image::Format::device_tree;
      if (load.blob == Load::Blob::fdt && !tree) {
        sink.add(finding(kBlobFormat, load.where,
                         fmt::format("'{}' is {}, not a device tree", load.path, to_string(image.format)),
                         "load the compiled tree (.dtb), not its source; dtc makes it"));
      } else if (load.blob == Load::Blob::initrd && (tree || image.boots())) {
        sink.add(
            finding(kBlobFormat, load.where,
                    fmt::format("'{}' is {}, not an initial RAM disk", load.path, to_string(image.format)),
                    tree ? "write 'fdt load'" : "write 'load' without 'initrd'"));
      }
    }
  }
}

}  // namespace

const Rule kBlobFormat{.id = "B14",
                       .severity = Severity::error,
                       .title = "file that is not what the word before load says",
                       .documentation =
                           "'fdt load' is for a compiled device tree, 'initrd load' for an initial RAM disk. "
                           "The first bytes of the file "
                           "show it.",
                       .wrong = {"system left\nram 64M\nload arm.elf\nfdt load guest.bin\n"},
                       .right = {"system left\nram 64M\nload arm.elf\nfdt load guest.dtb\n"},
                       .check = check_b14};

}  // namespace qvm::config
