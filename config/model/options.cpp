// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/options.h"

#include <algorithm>

namespace qvm::config {
namespace {

// Calls take(begin, end) for each part between separators.
template <class Take>
void split(std::string_view text, char separator, const Take& take) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    take(begin, end);
    if (end == text.size()) return;
    begin = end + 1;
  }
}

void add_words(const Word& word, std::vector<Piece>& result) {
  constexpr std::string_view kBlanks = " \t\n";
  const std::string_view text = word.text;
  std::size_t begin = text.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    result.push_back({std::string(text.substr(begin, end - begin)), word.part(begin, end)});
    begin = text.find_first_not_of(kBlanks, end);
  }
}

}  // namespace

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
  const auto found = std::find_if(options.rbegin(), options.rend(),
                                  [&](const Option& option) { return option.name == name; });
  return found == options.rend() ? nullptr : &*found;
}

const Argument* find_argument(const std::vector<Option>& options, std::string_view name) {
  const Option* option = find_option(options, name);
  return option == nullptr || option->arguments.empty() ? nullptr : &option->arguments.front();
}

SourceRange part_of(const Argument& argument, std::size_t begin, std::size_t end) {
  if (argument.where.end - argument.where.begin != argument.text.size() || begin >= end)
    return argument.where;
  return {argument.where.source, argument.where.begin + static_cast<std::uint32_t>(begin),
          argument.where.begin + static_cast<std::uint32_t>(end)};
}

std::vector<Piece> pieces_of(const Argument& argument, char separator) {
  std::vector<Piece> result;
  split(argument.text, separator, [&](std::size_t begin, std::size_t end) {
    result.push_back({argument.text.substr(begin, end - begin), part_of(argument, begin, end)});
  });
  return result;
}

std::vector<Piece> pieces_of(const Word& word, char separator) {
  std::vector<Piece> result;
  split(word.text, separator, [&](std::size_t begin, std::size_t end) {
    result.push_back(
        {word.text.substr(begin, end - begin), begin == end ? word.where : word.part(begin, end)});
  });
  return result;
}

std::optional<std::uint64_t> number_of(const Argument& argument, NumberKind kind) {
  if (const auto* value = std::get_if<std::uint64_t>(&argument.value)) return *value;
  const auto number = parse_number(argument.text, kind);
  if (!number) return std::nullopt;
  return number->value;
}

std::vector<Piece> cmdline_words(const CheckedVm& vm) {
  std::vector<Piece> result;
  for (const ParsedOption& item : vm.tree.items) {
    if (item.context != 0 || item.spec->name != "cmdline" || !item.complete()) continue;
    // The last one counts.
    result.clear();
    if (item.arguments.front().unresolved) continue;
    add_words(item.arguments.front(), result);
    for (const Word& word : item.stray) add_words(word, result);
  }
  return result;
}

std::optional<Piece> cmdline_value(const std::vector<Piece>& words, std::string_view name) {
  const auto found = std::find_if(words.rbegin(), words.rend(), [&](const Piece& word) {
    return word.text.size() > name.size() && word.text.starts_with(name) && word.text[name.size()] == '=';
  });
  if (found == words.rend()) return std::nullopt;
  return Piece{found->text.substr(name.size() + 1), found->where};
}

const OptionTable* table_of(const Vdev& vdev, const TableSet& tables) {
  return vdev.table != nullptr ? vdev.table : tables.unsupported_vdev(vdev.type);
}

const SetVariable* find_variable(const VmConfig& vm, std::string_view name) {
  const auto found = std::find_if(vm.variables.begin(), vm.variables.end(), [&](const SetVariable& one) {
    return one.name == name && !one.cpu && !one.vdev;
  });
  return found == vm.variables.end() ? nullptr : &*found;
}

}  // namespace qvm::config
