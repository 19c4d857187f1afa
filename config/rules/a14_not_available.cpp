// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/architecture.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNotAvailable;

namespace {

std::string available(const VersionRange& versions) {
  if (versions.since == kOldestQnxVersion) return fmt::format("up to {}", to_string(versions.until));
  if (versions.until == kNewestQnxVersion) return fmt::format("from {} on", to_string(versions.since));
  if (versions.since == versions.until) return fmt::format("in {} only", to_string(versions.since));
  return fmt::format("from {} to {}", to_string(versions.since), to_string(versions.until));
}

class CheckerA14 {
 public:
  CheckerA14(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink)
      : x_vm(vm), x_tables(tables), x_sink(sink) {}

  void run() {
    check_architecture();
    for (const ParsedOption& item : x_vm.tree.items) check_item(item);
    for (const Context& context : x_vm.tree.contexts) {
      if (context.kind != Context::Kind::vdev || context.table->versions.contains(x_tables.version()))
        continue;
      x_sink.add(describe(context.table->versions, context.label,
                          x_vm.tree.items[context.opener].arguments.front().where));
    }
    for (const PassedThrough& pass : x_vm.model.passes) check_pass(pass);
  }

 private:
  void check_architecture() {
    const ArchitectureFacts facts = architecture_of(x_vm.tree, x_tables);
    const ArchitectureEvidence* reason = facts.reason();
    for (const ArchitectureEvidence& one : facts.evidence) {
      if (one.architecture == facts.architecture || one.by_name) continue;
      Diagnostic diagnostic = finding(
          kNotAvailable, one.where,
          fmt::format("{} exists on {} only", one.what, to_string(one.architecture)),
          fmt::format("leave it out, or describe a machine of {} throughout", to_string(one.architecture)));
      diagnostic.notes.push_back({reason->where, fmt::format("the VM is taken for one of {} because of {}",
                                                             to_string(facts.architecture), reason->what)});
      x_sink.add(std::move(diagnostic));
    }
  }

  void check_item(const ParsedOption& item) {
    const Context& context = x_vm.tree.contexts[item.context];
    const auto of = [&] { return item.context == 0 ? "" : " of " + context.label; };
    if (!item.spec->versions.contains(x_tables.version())) {
      Diagnostic told =
          describe(item.spec->versions, fmt::format("'{}'{}", item.spec->name, of()), item.word.where);
      suggest_other_name(told, *item.spec, *context.table);
      x_sink.add(std::move(told));
    }
    for (std::size_t i = 0; i < item.arguments.size(); ++i) {
      const Word& word = item.arguments[i];
      const SpecialValue* special = item.spec->arguments[i].special_value(word.text);
      if (special == nullptr || word.unresolved || special->versions.contains(x_tables.version())) continue;
      x_sink.add(describe(special->versions, fmt::format("'{} {}'{}", item.spec->name, word.text, of()),
                          word.where));
    }
    if (item.spec->name == "set" && item.complete()) check_variable(item);
  }

  void check_variable(const ParsedOption& item) {
    const Word& name = item.arguments.front();
    const OptionSpec* variable = x_vm.tree.contexts[item.within].table->find_variable(name.text);
    if (variable == nullptr) variable = x_tables.vm().find_variable(name.text);
    if (variable != nullptr && !variable->versions.contains(x_tables.version()))
      x_sink.add(describe(variable->versions, fmt::format("variable '{}'", name.text), name.where));
  }

  // 8.0 has no length of its own for what is passed through.
  void check_pass(const PassedThrough& pass) {
    if (x_tables.version() < QnxVersion::v8_0) return;
    for (const auto& location : pass.locations) {
      if (location.value.guest.space == Location::Space::pci || location.value.guest.length) continue;
      x_sink.add(finding(kNotAvailable, location.where,
                         "'pass loc' without a length is not in version 8.0 of QNX's language",
                         "write GUEST,LENGTH"));
    }
  }

  // The same option under the name that it has in the selected version.
  void suggest_other_name(Diagnostic& diagnostic, const OptionSpec& spec, const OptionTable& table) const {
    for (const OptionSpec& other : table.options) {
      const bool same = other.stands_for == spec.name || spec.stands_for == other.name;
      if (!same || !other.versions.contains(x_tables.version())) continue;
      diagnostic.help = fmt::format("there it is called '{}'", other.name);
      diagnostic.fix = Fix{diagnostic.where, other.name};
      return;
    }
  }

  Diagnostic describe(const VersionRange& versions, const std::string& what, const SourceRange& where) const {
    return finding(
        kNotAvailable, where,
        fmt::format("{} is not in version {} of QNX's language", what, to_string(x_tables.version())),
        fmt::format("it is there {}; --qnx-version selects the version", available(versions)));
  }

  const CheckedVm& x_vm;
  const TableSet& x_tables;
  DiagnosticSink& x_sink;
};

void check_a14(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) CheckerA14(vm, input.tables, sink).run();
}

}  // namespace

const Rule kNotAvailable{
    .id = "A14",
    .severity = Severity::warning,
    .title = "option or vdev of another version or another kind of machine",
    .documentation =
        "QNX's language differs a little from version to version (--qnx-version says which one is meant, 8.0 "
        "if "
        "not given) and between x86 and ARM. No option says what kind of machine a VM is: it is what most of "
        "its "
        "devices and options belong to, and the rest are contradictions.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev ser8250 intr ioapic:4\n"
              "vdev pckeyboard\nvdev pl011 loc 0x1c090000\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev ser8250 intr ioapic:4\n"
              "vdev pckeyboard\n"},
    .check = check_a14,
    .about_host = true};

}  // namespace qvm::config
