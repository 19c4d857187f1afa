// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/qemu_api.h"

#include <dlfcn.h>
#include <malloc.h>

#include <cstdlib>

namespace qvm::vmhost {

namespace {

void* lookup_in_process(const char* name) {
  return ::dlsym(RTLD_DEFAULT, name);
}

template <class T>
T pointer(SymbolLookup lookup, const char* name) {
  return reinterpret_cast<T>(lookup(name));
}

}  // namespace

Result<QemuApi> QemuApi::resolve_in_process() {
  return resolve(&lookup_in_process);
}

Result<QemuApi> QemuApi::resolve(SymbolLookup lookup) {
  QemuApi api;
  const auto query_version = pointer<decltype(qmp_query_version)>(lookup, "qmp_query_version");
  if (query_version == nullptr) {
    return fail(
        "this QEMU exports none of its functions: use one that was built with modules, as Debian, Ubuntu "
        "and Fedora do");
  }
  QemuError* error = nullptr;
  api.x_version =
      *query_version(&error)->qemu;  // a few bytes, once: not worth one more function to free them

  const auto missing = [&api](const std::string& name) {
    return tl::unexpected(missing_function(api.version_text(), "'" + name + "'"));
  };
#define QVM_QEMU_RESOLVE(function, ...)                                  \
  api.function = pointer<Pointer<__VA_ARGS__>::type>(lookup, #function); \
  if (api.function == nullptr) return missing(#function);
  QVM_QEMU_REQUIRED(QVM_QEMU_RESOLVE)
#undef QVM_QEMU_RESOLVE
#define QVM_QEMU_RESOLVE(function, ...) api.function = pointer<Pointer<__VA_ARGS__>::type>(lookup, #function);
  QVM_QEMU_OPTIONAL(QVM_QEMU_RESOLVE)
  QVM_QEMU_PCI(QVM_QEMU_RESOLVE)
  QVM_QEMU_BOARD(QVM_QEMU_RESOLVE)
#undef QVM_QEMU_RESOLVE

  api.x_versions = QVM_TRY(QemuVersions::resolve(lookup, api.version_text()));
  api.x_kvm_allowed = pointer<const bool*>(lookup, "kvm_allowed");
  api.x_kvm_kernel_irqchip = pointer<const bool*>(lookup, "kvm_kernel_irqchip");
  api.x_kvm_split_irqchip = pointer<const bool*>(lookup, "kvm_split_irqchip");
  api.x_kvm_state = pointer<KvmState* const*>(lookup, "kvm_state");
  api.x_tcg_allowed = pointer<const bool*>(lookup, "tcg_allowed");
  return api;
}

#define QVM_QEMU_CHECK(function, ...) \
  if (function == nullptr) return #function;

const char* QemuApi::missing_for_pci() const {
  QVM_QEMU_PCI(QVM_QEMU_CHECK)
  return nullptr;
}

const char* QemuApi::missing_for_board() const {
  QVM_QEMU_BOARD(QVM_QEMU_CHECK)
  return nullptr;
}

#undef QVM_QEMU_CHECK

std::string QemuApi::version_text() const {
  return std::to_string(x_version.major) + "." + std::to_string(x_version.minor) + "." +
         std::to_string(x_version.micro);
}

bool QemuApi::in_kernel_irqchip() const {
  const auto set = [](const bool* flag) { return flag != nullptr && *flag; };
  return kvm() && set(x_kvm_kernel_irqchip) && !set(x_kvm_split_irqchip) && kvm_set_irq != nullptr &&
         kvm_state() != nullptr;
}

Result<void> QemuApi::check_accelerator() const {
  if (kvm() || tcg()) return {};
  return fail(
      "QEMU " + version_text() +
      " runs the VM under neither KVM nor TCG, as far as vmhost can tell; start it with '-accel kvm' or "
      "'-accel tcg'");
}

Result<void> QemuApi::check_shared_memory() const {
  if (kvm() && !x_versions.kvm_slot_free(qdev_get_machine())) {
    return fail("QEMU " + version_text() +
                " does not say whether KVM can map more memory, and ends when it cannot; " +
                use_tried_version());
  }
  if (!tcg()) return {};
  const auto multi_threaded = x_versions.tcg_is_multi_threaded();
  if (!multi_threaded) {
    return fail("QEMU " + version_text() +
                " does not say whether each vCPU has a thread of its own, without which locked instructions "
                "are not atomic against other users of a region; use KVM, or " +
                use_tried_version());
  }
  if (*multi_threaded) return {};
  return fail(
      "QEMU runs with one thread for all vCPUs (thread=single or icount), in which locked instructions are "
      "not atomic against other users of a region; use -accel tcg,thread=multi or KVM");
}

Result<void> QemuApi::block_migration(const char* reason) const {
  QemuError* blocker = nullptr;
  QemuError* error = nullptr;
  error_setg_internal(&blocker, __FILE__, __LINE__, __func__, "%s", reason);
  if (x_versions.add_migration_blocker(blocker, &error) < 0) {
    return fail(std::string("block migration: ") +
                (error != nullptr ? error_get_pretty(error) : "unknown error"));
  }
  QemuError* blocked = nullptr;  // a few bytes, once
  if (migration_is_blocked(&blocked)) return {};
  return fail("QEMU " + version_text() + " takes a reason not to save a VM in a way vmhost does not know");
}

std::size_t object_bytes(const void* object) {
  return ::malloc_usable_size(const_cast<void*>(object));
}

Result<MemoryRegion*> new_memory_region(const QemuApi& qemu) {
  Object* const sample = qemu.object_new("memory-region");
  const std::size_t size = object_bytes(sample);
  qemu.object_unref(sample);
  if (size < 128 || size > 4096) {
    return fail("QEMU " + qemu.version_text() + " makes memory regions of " + std::to_string(size) +
                " bytes: not a QEMU that vmhost knows");
  }
  return static_cast<MemoryRegion*>(std::calloc(1, size));
}

}  // namespace qvm::vmhost
