// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The control groups of this process, of either version, wherever they are mounted: in a container as well.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qvm {

// The whole text of a file below /proc or /sys; empty if it cannot be read.
using ReadText = std::function<std::string(const std::string& path)>;
std::string read_text(const std::string& path);

enum class ControlGroupVersion { v1 = 1, v2 = 2 };

// Directories of the group that controller ("memory", "pids") has this process in, and of those above it,
// whose bounds count as well, as far as they can be seen from here. None: this version of control groups is
// not in use.
std::vector<std::string> control_groups(ControlGroupVersion version, std::string_view controller,
                                        const ReadText& read = read_text);
// The same of both versions.
std::vector<std::string> control_groups(std::string_view controller, const ReadText& read = read_text);

// The number with which the text of such a file begins, past blanks; "max" is none.
std::optional<std::uint64_t> number_in(std::string_view text);

}  // namespace qvm
