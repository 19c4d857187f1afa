// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How much memory the host could still give to regions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace qvm::regions {

// The whole text of a file below /proc or /sys; empty if it cannot be read.
using ReadText = std::function<std::string(const std::string& path)>;
std::string read_text(const std::string& path);

// Bytes that can be reserved without driving the host, or the control group of this process (version 2), out
// of memory; a sixteenth of the host's memory is left for everybody else. Empty if the kernel does not say.
std::optional<std::uint64_t> spare_memory(const ReadText& read = read_text);

}  // namespace qvm::regions
