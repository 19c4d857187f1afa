// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/effects.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/option_table.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

constexpr const char* kRule = "plan-effect";

void report_effect(const config::OptionSpec* spec, std::string_view what, const config::SourceRange& where,
                   config::DiagnosticSink& sink) {
  if (spec == nullptr) return;
  if (spec->effect == "none") {
    report(sink, config::Severity::info, kRule, where,
           fmt::format("{} has no effect on this host: {}", what, spec->effect_note), "");
  } else if (spec->effect == "approximated") {
    report(sink, config::Severity::info, kRule, where,
           fmt::format("{} has another effect on this host: {}", what, spec->effect_note), "");
  }
}

void report_options(const std::vector<config::Option>& options, const config::OptionTable& table,
                    const std::vector<std::string>& explained, config::DiagnosticSink& sink) {
  for (const config::Option& option : options) {
    if (std::find(explained.begin(), explained.end(), option.name) != explained.end()) continue;
    report_effect(table.find(option.name), fmt::format("'{}'", option.name), option.where, sink);
  }
}

// The tables are part of the program: reading them once keeps a plan pure.
const config::TableSet* tables() {
  static const Result<config::TableSet> shipped = config::TableSet::shipped();
  return shipped ? &*shipped : nullptr;
}

}  // namespace

void report_effects(const config::VmConfig& vm, const std::vector<std::vector<std::string>>& explained,
                    config::DiagnosticSink& sink) {
  const config::TableSet* shipped = tables();
  if (shipped == nullptr) return;
  for (const config::Cpu& cpu : vm.cpus) report_options(cpu.options, shipped->context("cpu"), {}, sink);
  for (std::size_t i = 0; i < vm.vdevs.size(); ++i) {
    if (vm.vdevs[i].table != nullptr)
      report_options(vm.vdevs[i].options, *vm.vdevs[i].table, explained[i], sink);
  }
  for (const config::SetVariable& variable : vm.variables) {
    const config::OptionSpec* spec = shipped->vm().find_variable(variable.name);
    if (spec == nullptr) spec = shipped->common().find_variable(variable.name);
    report_effect(spec, fmt::format("'set {}'", variable.name), variable.where, sink);
  }
  report_options(vm.options, shipped->vm(), {}, sink);
}

}  // namespace qvm::plan
