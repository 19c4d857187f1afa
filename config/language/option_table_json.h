// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The JSON form of option tables, strictly read. Inside config/ only.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/language/option_table.h"
#include "qvm/base/result.h"

namespace qvm::config {

// One file can hold a table and, below "contexts", further ones.
struct TableFile {
  OptionTable table;
  std::map<std::string, OptionTable, std::less<>> contexts;
};

// Unknown and missing keys, wrong types and values are failures that name the JSON path: "shmem.json:
// /options/3/name: must be a string". file_name is only for messages. expected_name must be the table's own
// "name".
Result<TableFile> parse_table_file(std::string_view file_name, std::string_view expected_name,
                                   std::string_view json);

}  // namespace qvm::config
