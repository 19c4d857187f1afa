// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/machine_virt.h"

namespace qvm::plan {
namespace {

vdevs::Machine make_virt() {
  vdevs::Machine virt;
  virt.name = "virt";
  virt.architecture = config::Architecture::aarch64;
  virt.controller = "GIC";
  virt.first_line = 32;
  virt.interrupt_lines = 288;  // 256 of devices
  virt.movable = true;
  // One piece up to 255 GiB, behind which `virt` has devices again.
  virt.ram.base = 0x40000000;
  virt.ram.granularity = 0x100000;
  virt.ram.top_limit = std::uint64_t{256} << 30;
  return virt;
}

vdevs::Machine make_kvm_virt() {
  vdevs::Machine virt = make_virt();
  virt.fixed_controller = vdevs::Machine::FixedGic{
      .distributor = 0x08000000, .cpu_interface = 0x08010000, .redistributors = 0x080a0000};
  return virt;
}

}  // namespace

const vdevs::Machine& machine_virt(HostFacts::Acceleration acceleration) {
  static const vdevs::Machine emulated = make_virt();
  static const vdevs::Machine kvm = make_kvm_virt();
  return acceleration == HostFacts::Acceleration::kvm ? kvm : emulated;
}

}  // namespace qvm::plan
