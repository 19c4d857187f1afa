// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/machine.h"

#include <algorithm>

#include "config/model/architecture.h"
#include "config/rules/passes.h"

namespace qvm::config {

MachineEvidence machine_of(const CheckedVm& vm, const TableSet& tables) {
  const ArchitectureFacts facts = architecture_of(vm.tree, tables);
  const ArchitectureEvidence* reason = facts.reason();
  if (reason == nullptr) return {};
  return {facts.architecture == Architecture::aarch64 ? Machine::arm : Machine::x86, reason->where};
}

GuestSystem guest_of(const CheckedVm& vm, Reader& reader) {
  for (const Load& load : vm.model.loads) {
    if (load.blob == Load::Blob::initrd) return GuestSystem::linux_kernel;
    if (load.blob != Load::Blob::automatic && load.blob != Load::Blob::guest) continue;
    if (load.path.ends_with(".ifs")) return GuestSystem::qnx;
    const Image image = image_of(load, vm, reader);
    if (image.format == Image::Format::qnx_ifs) return GuestSystem::qnx;
    if (image.boots() && image.format != Image::Format::elf) return GuestSystem::linux_kernel;
  }
  return GuestSystem::unknown;
}

const Vdev* gic_of(const VmConfig& vm) {
  const auto found =
      std::find_if(vm.vdevs.begin(), vm.vdevs.end(), [](const Vdev& vdev) { return vdev.type == kGic; });
  return found == vm.vdevs.end() ? nullptr : &*found;
}

std::string gic_name(const VmConfig& vm) {
  const Vdev* gic = gic_of(vm);
  return gic != nullptr && gic->name ? gic->name->value : std::string(kGic);
}

std::size_t count_vdevs(const VmConfig& vm, std::string_view type) {
  return static_cast<std::size_t>(
      std::count_if(vm.vdevs.begin(), vm.vdevs.end(), [&](const Vdev& vdev) { return vdev.type == type; }));
}

bool has_foreign_devices(const CheckedVm& vm, const TableSet& tables) {
  const auto& contexts = vm.tree.contexts;
  return std::any_of(contexts.begin(), contexts.end(),
                     [](const Context& context) { return context.kind == Context::Kind::pass; }) ||
         std::any_of(vm.model.vdevs.begin(), vm.model.vdevs.end(),
                     [&](const Vdev& vdev) { return table_of(vdev, tables) == nullptr; });
}

}  // namespace qvm::config
