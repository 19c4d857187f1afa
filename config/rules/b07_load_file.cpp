// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/file_words.h"
#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLoadFile;

namespace {

// A kernel that nobody takes apart: neither qvm nor, unlike a PC's, the file itself.
void check_wrapping(const Load& load, const CheckedVm& vm, Reader& reader, DiagnosticSink& sink) {
  if (load.blob != Load::Blob::automatic && load.blob != Load::Blob::guest) return;
  const Image image = image_of(load, vm, reader);
  std::string help;
  if (image.format == Image::Format::compressed)
    help = "unpack it: a kernel that is loaded is started as it is";
  else if (image.format == Image::Format::boot_image)
    help = "load the file it was made from: only U-Boot understands its wrapping";
  else
    return;
  Diagnostic diagnostic = finding(
      kLoadFile, load.where, fmt::format("'{}' is {}", load.path, to_string(image.format)), std::move(help));
  diagnostic.severity = Severity::warning;
  sink.add(std::move(diagnostic));
}

void check_b07(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Load& load : vm.model.loads) {
      const auto facts = input.reader.facts(path_from(vm.directory, load.path));
      std::string message;
      std::string help;
      if (!facts) {
        if (!beside_configuration(load.path, load.where, vm, input).empty()) continue;
        message = fmt::format("cannot {}", facts.error().message());
        if (!load.path.starts_with('/')) {
          help = fmt::format("the path is taken from {}",
                             vm.directory.empty() ? "the current directory" : "'" + vm.directory + "'");
        }
      } else if (!facts->regular) {
        message = fmt::format("'{}' is not a file", load.path);
      } else if (!facts->readable) {
        message = fmt::format("'{}' may not be read by you", load.path);
        help = "give yourself permission to read it";
      } else if (facts->size == 0) {
        message = fmt::format("'{}' is empty", load.path);
        help = "was it built or copied completely?";
      } else {
        check_wrapping(load, vm, input.reader, sink);
        continue;
      }
      sink.add(finding(kLoadFile, load.where, std::move(message), std::move(help)));
    }
  }
}

}  // namespace

const Rule kLoadFile{
    .id = "B07",
    .severity = Severity::error,
    .title = "file to load is missing, unreadable, empty or packed",
    .documentation =
        "Relative paths of load are taken from the directory where qvm is started (for a "
        "manifest: the manifest's), not from that of the configuration. A kernel that is "
        "compressed (other than bzImage, which unpacks itself) or wrapped for U-Boot is loaded "
        "but does not start (a warning).",
    .wrong = {"system left\nram 64M\nload missing.elf\n"},
    .right = {"system left\nram 64M\nload guest.elf\n"},
    .check = check_b07};

}  // namespace qvm::config
