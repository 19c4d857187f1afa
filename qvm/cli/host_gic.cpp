// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/host_gic.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "qvm/base/unique_fd.h"

namespace qvm::cli {
namespace {

bool could_have(const UniqueFd& machine, __u32 type) {
  kvm_create_device device{};
  device.type = type;
  device.flags = KVM_CREATE_DEVICE_TEST;
  return ::ioctl(machine.get(), KVM_CREATE_DEVICE, &device) == 0;
}

}  // namespace

std::optional<vdevs::KvmGics> find_kvm_gics() {
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm) return std::nullopt;
  const UniqueFd machine(::ioctl(kvm.get(), KVM_CREATE_VM, 0));
  if (!machine) return std::nullopt;
  const vdevs::KvmGics gics{.v2 = could_have(machine, KVM_DEV_TYPE_ARM_VGIC_V2),
                            .v3 = could_have(machine, KVM_DEV_TYPE_ARM_VGIC_V3)};
  if (!gics.v2 && !gics.v3) return std::nullopt;
  return gics;
}

}  // namespace qvm::cli
