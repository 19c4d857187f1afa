// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace qvm::config {
namespace {

// Of what exists on one kind of machine only; nullopt for what exists on all.
std::optional<Architecture> only_one(const std::vector<std::string>& architectures) {
  if (architectures.size() != 1) return std::nullopt;
  return architectures.front() == to_string(Architecture::aarch64) ? Architecture::aarch64
                                                                   : Architecture::x86_64;
}

class Collector {
 public:
  Collector(const SyntaxTree& tree, const TableSet& tables) : x_tree(tree), x_tables(tables) {}

  std::vector<ArchitectureEvidence> run() {
    std::size_t context = 1;  // contexts are in the order of their openers
    for (std::size_t i = 0; i < x_tree.items.size(); ++i) {
      add_item(x_tree.items[i]);
      if (context >= x_tree.contexts.size() || x_tree.contexts[context].opener != i) continue;
      const Context& opened = x_tree.contexts[context++];
      if (opened.kind == Context::Kind::vdev)
        add(opened.table->architectures, opened.label, x_tree.items[i].arguments.front().where, true);
    }
    return std::move(x_evidence);
  }

 private:
  void add(const std::vector<std::string>& architectures, std::string what, const SourceRange& where,
           bool vdev = false) {
    if (const auto one = only_one(architectures))
      x_evidence.push_back({*one, std::move(what), where, vdev, false});
  }

  void add_item(const ParsedOption& item) {
    add(item.spec->architectures, fmt::format("'{}'", item.spec->name), item.word.where);
    if (item.blob) {
      for (const SpecialValue& blob : item.spec->special_blobs) {
        if (blob.matches(item.blob->text))
          add(blob.architectures, fmt::format("'{} {}'", item.blob->text, item.spec->name), item.blob->where);
      }
    }
    for (std::size_t i = 0; i < item.arguments.size(); ++i) {
      const Word& word = item.arguments[i];
      add_controller(word, item.spec->arguments[i].type);
      const SpecialValue* special = item.spec->arguments[i].special_value(word.text);
      if (special == nullptr || word.unresolved) continue;
      const std::string_view shown = special->prefix.empty() ? special->value : special->prefix;
      add(special->architectures, fmt::format("'{}'", shown), word.where);
    }
    if (item.spec->name == "set" && item.complete()) add_variable(item);
  }

  // `gic:37` without any `vdev gic`.
  void add_controller(const Word& word, ArgumentType type) {
    if (type != ArgumentType::interrupt && type != ArgumentType::interrupt_list &&
        type != ArgumentType::pass_interrupt)
      return;
    const std::size_t colon = word.text.find(':');
    if (colon == std::string::npos) return;
    const std::string_view name = std::string_view(word.text).substr(0, colon);
    const OptionTable* table = x_tables.vdev(name);
    if (table == nullptr || !table->implicit) return;
    if (const auto one = only_one(table->architectures))
      x_evidence.push_back(
          {*one, fmt::format("interrupt controller '{}'", name), word.part(0, colon), false, true});
  }

  void add_variable(const ParsedOption& item) {
    const std::string& name = item.arguments.front().text;
    const OptionSpec* variable = x_tree.contexts[item.within].table->find_variable(name);
    if (variable == nullptr) variable = x_tables.vm().find_variable(name);
    if (variable != nullptr)
      add(variable->architectures, fmt::format("variable '{}'", name), item.arguments.front().where);
  }

  const SyntaxTree& x_tree;
  const TableSet& x_tables;
  std::vector<ArchitectureEvidence> x_evidence;
};

}  // namespace

std::string_view to_string(Architecture architecture) {
  return architecture == Architecture::aarch64 ? "aarch64" : "x86_64";
}

const ArchitectureEvidence* ArchitectureFacts::reason() const {
  const auto found = std::find_if(evidence.begin(), evidence.end(), [&](const ArchitectureEvidence& one) {
    return one.architecture == architecture;
  });
  return found == evidence.end() ? nullptr : &*found;
}

ArchitectureFacts architecture_of(const SyntaxTree& tree, const TableSet& tables) {
  ArchitectureFacts facts;
  facts.evidence = Collector(tree, tables).run();
  if (facts.evidence.empty()) return facts;
  // How many more pieces speak for ARM than for x86.
  std::ptrdiff_t vdevs = 0;
  std::ptrdiff_t all = 0;
  for (const ArchitectureEvidence& one : facts.evidence) {
    const std::ptrdiff_t vote = one.architecture == Architecture::aarch64 ? 1 : -1;
    all += vote;
    if (one.vdev) vdevs += vote;
  }
  const std::ptrdiff_t more = vdevs != 0 ? vdevs : all;
  facts.architecture = more == 0  ? facts.evidence.front().architecture
                       : more > 0 ? Architecture::aarch64
                                  : Architecture::x86_64;
  return facts;
}

}  // namespace qvm::config
