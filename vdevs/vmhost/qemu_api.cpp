// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/qemu_api.h"

#include <dlfcn.h>

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

  const auto missing = [&api](const char* name) {
    return fail("QEMU " + api.version_text() + " has no function '" + name +
                "', which vmhost needs: QEMU 7.2 and later built with modules have it");
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

  // The lock got a new name in 9.0.
  api.x_lock = pointer<decltype(x_lock)>(lookup, "bql_lock_impl");
  api.x_unlock = pointer<decltype(x_unlock)>(lookup, "bql_unlock");
  if (api.x_lock == nullptr || api.x_unlock == nullptr) {
    api.x_lock = pointer<decltype(x_lock)>(lookup, "qemu_mutex_lock_iothread_impl");
    api.x_unlock = pointer<decltype(x_unlock)>(lookup, "qemu_mutex_unlock_iothread");
  }
  if (api.x_lock == nullptr || api.x_unlock == nullptr) return missing("bql_lock_impl");
  api.x_migrate_add_blocker = lookup("migrate_add_blocker");
  if (api.x_migrate_add_blocker == nullptr) return missing("migrate_add_blocker");

  api.x_kvm_allowed = pointer<const bool*>(lookup, "kvm_allowed");
  api.x_kvm_kernel_irqchip = pointer<const bool*>(lookup, "kvm_kernel_irqchip");
  api.x_kvm_split_irqchip = pointer<const bool*>(lookup, "kvm_split_irqchip");
  api.x_kvm_state = pointer<KvmState* const*>(lookup, "kvm_state");
  api.x_tcg_allowed = pointer<const bool*>(lookup, "tcg_allowed");
  api.x_mttcg_enabled = pointer<const bool*>(lookup, "mttcg_enabled");
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

bool QemuApi::atomic_against_other_processes() const {
  const bool tcg = x_tcg_allowed != nullptr && *x_tcg_allowed && !kvm();
  return !tcg || x_mttcg_enabled == nullptr || *x_mttcg_enabled;
}

Result<void> QemuApi::block_migration(const char* reason) const {
  QemuError* blocker = nullptr;
  QemuError* error = nullptr;
  error_setg_internal(&blocker, __FILE__, __LINE__, __func__, "%s", reason);
  int result = 0;
  // From 8.2 on QEMU takes the address of the reason and owns what is there, so it must not be on our stack.
  if (x_version.major > 8 || (x_version.major == 8 && x_version.minor >= 2)) {
    static QemuError* owned = nullptr;
    owned = blocker;
    result = reinterpret_cast<int (*)(QemuError**, QemuError**)>(x_migrate_add_blocker)(&owned, &error);
  } else {
    result = reinterpret_cast<int (*)(QemuError*, QemuError**)>(x_migrate_add_blocker)(blocker, &error);
  }
  if (result < 0) {
    return fail(std::string("block migration: ") +
                (error != nullptr ? error_get_pretty(error) : "unknown error"));
  }
  return {};
}

Result<MemoryRegion*> new_memory_region(const QemuApi& qemu) {
  const std::size_t size = qemu.object_type_get_instance_size("memory-region");
  if (size < 128 || size > 4096) {
    return fail("QEMU " + qemu.version_text() + " says that a memory region has " + std::to_string(size) +
                " bytes: not a QEMU that vmhost knows");
  }
  return static_cast<MemoryRegion*>(std::calloc(1, size));
}

}  // namespace qvm::vmhost
