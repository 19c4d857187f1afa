// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the linter's and the formatter's command lines have in common.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "config/language/option_table.h"
#include "qvm/base/result.h"

namespace qvm::lint {

// Exit statuses.
inline constexpr int kClean = 0;
inline constexpr int kErrors =
    1;  // errors, or with --fail-on warning also warnings; a file would be reformatted
inline constexpr int kUsage = 2;  // the command line makes no sense
// The work could not be done: something could not be read, written or looked through. Wins over the others.
inline constexpr int kUnreadable = 3;

// The shipped option tables, those of the installation and of the directories. Tables that cannot be read are
// named in failures: without them vdevs go unchecked.
Result<config::TableSet> load_tables(const std::vector<std::string>& directories,
                                     std::vector<std::string>& failures);

// All of a stream, or one byte more than a configuration may have.
std::string read_stream(std::istream& in, std::vector<std::string>& failures);

// The command's exit status, if what it printed has reached somebody; kUnreadable after an exception, on a
// full disk and with a closed pipe.
int run_guarded(std::string_view program, std::ostream& out, std::ostream& err,
                const std::function<int()>& command);

// Says what is wrong with the command line; returns kUsage.
int usage_error(std::ostream& err, std::string_view program, std::string_view message);

}  // namespace qvm::lint
