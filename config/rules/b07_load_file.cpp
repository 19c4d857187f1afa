// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/file_words.h"
#include "config/rules/catalog.h"
#include "config/rules/finding.h"

namespace qvm::config {
namespace {

void check(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Load& load : vm.model.loads) {
      const auto facts = input.reader.facts(path_from(vm.directory, load.path));
      std::string message;
      std::string help;
      if (!facts) {
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
        continue;
      }
      sink.add(finding(kLoadFile, load.where, std::move(message), std::move(help)));
    }
  }
}

}  // namespace

const Rule kLoadFile{.id = "B07",
                     .severity = Severity::error,
                     .title = "file to load is missing, unreadable or empty",
                     .documentation =
                         "Relative paths of load are taken from the directory where qvm is started (for a "
                         "manifest: the manifest's), not "
                         "from that of the configuration.",
                     .wrong = {"system left\nram 64M\nload missing.elf\n"},
                     .right = {"system left\nram 64M\nload guest.elf\n"},
                     .check = check};

}  // namespace qvm::config
