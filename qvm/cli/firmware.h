// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// QEMU's small firmware for direct kernel boot on a PC.
#pragma once

#include <string>

namespace qvm::cli {

// Its path; empty if this host has none: then the machine's own firmware boots, slower.
std::string find_firmware();

}  // namespace qvm::cli
