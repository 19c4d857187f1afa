// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM can be called: its name is a directory, part of socket paths and a libvirt domain.
#pragma once

#include <string>

#include "config/text/diagnostic.h"

namespace qvm::plan {

// Letters, digits, '-', '_' and '.', not starting with '-' or '.', and short enough for the sockets below the
// run-time directory. An error in sink says which of these is broken; false then.
bool check_vm_name(const std::string& name, const std::string& runtime_directory,
                   const config::SourceRange& where, config::DiagnosticSink& sink);

}  // namespace qvm::plan
