// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Options and parts of their arguments, whatever types the option tables give them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/language/numbers.h"
#include "config/language/option_table.h"
#include "config/model/checked_vm.h"

namespace qvm::config {

// A part of what was written, and where.
struct Piece {
  std::string text;
  SourceRange where;
};

// The last one of that name; nullptr if there is none.
const Option* find_option(const std::vector<Option>& options, std::string_view name);
// The only or first argument of that option; nullptr if there is none.
const Argument* find_argument(const std::vector<Option>& options, std::string_view name);

// Where the bytes [begin, end) of the argument's text were written; the whole argument if quotes or
// substitutions hide that.
SourceRange part_of(const Argument& argument, std::size_t begin, std::size_t end);
// The parts between separators; at least one, some possibly empty.
std::vector<Piece> pieces_of(const Argument& argument, char separator);
std::vector<Piece> pieces_of(const Word& word, char separator);

// As its table converted it, else read from the text; nullopt if it is no number.
std::optional<std::uint64_t> number_of(const Argument& argument, NumberKind kind);

// The words of the guest's command line.
std::vector<Piece> cmdline_words(const CheckedVm& vm);
// The value of the last NAME=VALUE on it.
std::optional<Piece> cmdline_value(const std::vector<Piece>& words, std::string_view name);

// The table of a vdev, also if it cannot run here; nullptr: it is unknown.
const OptionTable* table_of(const Vdev& vdev, const TableSet& tables);

// A variable of the VM; nullptr if it is not set.
const SetVariable* find_variable(const VmConfig& vm, std::string_view name);

}  // namespace qvm::config
