// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Helpers for the findings of a plan.
#pragma once

#include <cstdint>
#include <string>

#include "config/text/diagnostic.h"

namespace qvm::plan {

// Adds a finding without notes. help may be empty.
void report(config::DiagnosticSink& sink, config::Severity severity, std::string rule,
            const config::SourceRange& where, std::string message, std::string help);

// "0x1000..0x1fff": first and last address.
std::string describe_range(std::uint64_t start, std::uint64_t length);

// "192 MiB", "640 KiB", "1000 bytes": the largest unit that divides.
std::string describe_size(std::uint64_t bytes);

}  // namespace qvm::plan
