// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/file_words.h"
#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPathBase;

namespace {

std::string base_of(const CheckedVm& vm) {
  return vm.directory.empty() ? "the current directory" : "'" + vm.directory + "'";
}

void check_b08(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const auto report = [&](const std::string& path, const SourceRange& where, Severity severity) {
      const std::string beside = beside_configuration(path, where, vm, input);
      if (beside.empty()) return;
      Diagnostic diagnostic = finding(
          kPathBase, where, fmt::format("'{}' is not in {} but beside the configuration", path, base_of(vm)),
          fmt::format("paths are taken from {}: change there first, or write '{}'", base_of(vm), beside));
      diagnostic.severity = severity;
      sink.add(std::move(diagnostic));
    };
    for (const Load& load : vm.model.loads) report(load.path, load.where, Severity::error);
    for (const HostDevice& device : host_devices_of(vm.model)) {
      if (device.is_file()) report(device.path, device.where, Severity::warning);
    }
  }
}

}  // namespace

std::string beside_configuration(const std::string& path, const SourceRange& where, const CheckedVm& vm,
                                 const RuleInput& input) {
  if (path.starts_with('/') || !where.valid()) return {};
  const std::string_view file = input.sources.name(where.source);
  const std::size_t slash = file.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string beside = path_from(file.substr(0, slash), path);
  const std::string taken = path_from(vm.directory, path);
  if (beside == taken || input.reader.facts(taken) || !input.reader.facts(beside)) return {};
  return beside;
}

const Rule kPathBase{
    .id = "B08",
    .severity = Severity::error,
    .title = "relative path that was meant to start at the configuration",
    .documentation =
        "Relative paths of load and hostdev start at the directory where qvm is started (for a manifest: the "
        "manifest's). A file that is not there but beside the configuration shows that the start was "
        "forgotten to "
        "change directory. An error for load, a warning for hostdev.",
    .wrong = {"system left\nram 64M\nload beside.elf\n"},
    .right = {"system left\nram 64M\nload vms/beside.elf\n"},
    .check = check_b08};

}  // namespace qvm::config
