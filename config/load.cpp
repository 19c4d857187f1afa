// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/load.h"

#include <utility>

#include "config/language/parser.h"
#include "config/lint/suppress.h"
#include "config/load_into.h"
#include "config/model/model_builder.h"
#include "config/rules/rule.h"

namespace qvm::config {
namespace {

// "dir/left.qvmconf" is the VM "left".
std::string stem(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  const std::size_t dot = path.rfind('.');
  if (dot != std::string_view::npos && dot != 0) path = path.substr(0, dot);
  return std::string(path);
}

std::string fallback_name(const VmInput& input, const SyntaxTree& tree) {
  if (!input.fallback_name.empty()) return input.fallback_name;
  if (!tree.files.empty()) return stem(tree.files.front());
  for (const std::string& word : input.words) {
    if (word.starts_with('@') && word.size() > 1) return stem(std::string_view(word).substr(1));
  }
  return "guest";
}

}  // namespace

void load_into(LoadedSystem& result, const std::vector<VmInput>& inputs, const TableSet& tables,
               Reader& reader) {
  // Building the models and many rules look at the same files.
  RememberingReader remembering(reader);
  std::vector<CheckedVm> vms;
  for (const VmInput& input : inputs) {
    CheckedVm vm;
    vm.directory = input.directory;
    vm.tree = parse({input.words, input.places, input.directory}, tables, reader, result.sources,
                    result.diagnostics);
    vm.model = build_model(vm.tree, tables, remembering, input.directory, result.diagnostics);
    vm.name = vm.model.system ? vm.model.system->value : fallback_name(input, vm.tree);
    result.unreadable = result.unreadable || vm.tree.unreadable;
    vms.push_back(std::move(vm));
  }
  run_rules({vms, tables, result.sources, remembering, result.manifest ? &*result.manifest : nullptr},
            result.diagnostics);
  std::vector<SourceRange> comments;
  for (const CheckedVm& vm : vms)
    comments.insert(comments.end(), vm.tree.comments.begin(), vm.tree.comments.end());
  apply_suppressions(comments, result.sources, result.diagnostics);
  for (CheckedVm& vm : vms) {
    result.names.push_back(std::move(vm.name));
    result.vms.push_back(std::move(vm.model));
  }
  result.diagnostics.sort();
}

LoadedSystem load_vms(const std::vector<VmInput>& inputs, const TableSet& tables, Reader& reader) {
  LoadedSystem result;
  load_into(result, inputs, tables, reader);
  return result;
}

}  // namespace qvm::config
