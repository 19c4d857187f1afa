// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM that needs nothing but this host: for the question whether one starts.
#pragma once

#include <string>

#include "config/model/vm_config.h"

namespace qvm::cli {

// The image of a guest that waits for ever.
std::string trial_image(config::Architecture architecture);

// The configuration of a VM with that image and with shared memory, so that every part of qvm takes part.
std::string trial_config(config::Architecture architecture, const std::string& name,
                         const std::string& image_path);

}  // namespace qvm::cli
