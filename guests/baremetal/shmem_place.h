// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where a machine has its shared memory device when the command line gives no address.
#pragma once

#include <cstdint>

namespace guest {

// Address of the factory page, 0 if there is none.
std::uint64_t usual_factory();
// The same for the first such function on PCI bus 0, which is set up for use. On aarch64 there never is one.
std::uint64_t factory_on_pci();

}  // namespace guest
