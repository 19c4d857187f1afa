// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What vmhost says: lines on the VM process's standard error, which libvirt keeps in the domain's log.
#pragma once

#include <string_view>

namespace qvm::vmhost {

enum class LogLevel { error = 0, warning = 1, info = 2, debug = 3 };

// Messages above this are dropped. Default: warning. Set before other threads exist.
void set_log_level(LogLevel level);

// Writes "qvm: text" as one line, in one system call; control characters of text become '?'. Any thread.
void log(LogLevel level, std::string_view text);

}  // namespace qvm::vmhost
