// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A machine without a guest that asks a QEMU for everything vmhost relies on.
#pragma once

#include <string>
#include <vector>

#include "config/model/vm_config.h"

namespace qvm::vdevs {

struct ProofPlaces {
  std::string plugin_directory;  // of libqvm-vmhost.so and the vdevs
  std::string vmhost_json;       // where ProofMachine::vmhost_json will be
};

struct ProofMachine {
  // Arguments of qemu-system-…. The machine is made and stays stopped; QEMU reads its monitor's protocol from
  // standard input. It ends at once, with vmhost's reason, if vmhost does not come up.
  std::vector<std::string> arguments;
  // Traps, a window for regions, an interrupt, a PCI function, memory and, on a board, a device that is
  // moved.
  std::string vmhost_json;
};

enum class ProofAccelerator { kvm, tcg };
ProofMachine proof_machine(config::Architecture architecture, ProofAccelerator accelerator,
                           const ProofPlaces& places);

// What to send to the monitor so that QEMU ends with status 0.
inline constexpr const char* kProofEnd = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n";

}  // namespace qvm::vdevs
