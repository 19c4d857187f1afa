// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Mistakes that two rules could report, and which of them leaves it to the other.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/language/option_table.h"
#include "config/language/syntax_tree.h"
#include "config/model/vm_config.h"

namespace qvm::config {

// `cpu 2`: rule A17 reports such a word, A01 does not.
bool counts_cpus(const UnknownWord& unknown, const SyntaxTree& tree);
// `pass 0x1000,0x1000`: rule A18 reports such a word, A01 does not.
bool passes_without_loc(const UnknownWord& unknown, const SyntaxTree& tree);
// What `vdev blk` means: rule A19 reports such a type, A01 does not. "": the type is known, or resembles
// nothing.
std::string long_device_name(std::string_view type, const TableSet& tables);
// What devices of the VM cannot be wired to although it has a name, and why; rule D06 reports it, D01 does
// not.
std::map<std::string, const char*, std::less<>> undelivering(const VmConfig& vm);

}  // namespace qvm::config
