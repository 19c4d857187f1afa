// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The few functions of QEMU that vmhost uses, declared by hand and resolved at run time. What is here is the
// same in every version that vmhost knows; what is not is in qemu_versions.h. docs/vmhost.md says why each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "qvm/base/result.h"
#include "vdevs/vmhost/qemu_versions.h"

namespace qvm::vmhost {

// Opaque types of QEMU: only pointers to them are ever used.
struct MemoryRegion;
struct Object;
struct QemuError;
struct IrqState;
struct KvmState;
struct ObjectClass;
struct PciDevice;
struct CharacterDevice;

// Layouts that QEMU reads from us or writes for us. Checked in use: see self_test in traps.h and
// region_window.h.
struct Notifier {
  void (*notify)(Notifier*, void*) = nullptr;
  Notifier* next = nullptr;
  Notifier** previous = nullptr;
};

struct MemoryRegionOps {
  std::uint64_t (*read)(void* opaque, std::uint64_t offset, unsigned width) = nullptr;
  void (*write)(void* opaque, std::uint64_t offset, std::uint64_t value, unsigned width) = nullptr;
  void* read_with_attributes = nullptr;
  void* write_with_attributes = nullptr;
  int endianness = 0;
  struct {
    unsigned min = 1;
    unsigned max = 8;
    bool unaligned = true;
    void* accepts = nullptr;
  } valid;
  struct {
    unsigned min = 1;
    unsigned max = 8;
    bool unaligned = true;
  } impl;
};
inline constexpr int kLittleEndian = 2;

struct QemuVersionTriple {
  std::int64_t major, minor, micro;
};
struct QemuVersionInfo {
  QemuVersionTriple* qemu;
  char* package;
};

// A device type as QEMU is told of it: see PciFunction.
struct QemuInterface {
  const char* type = nullptr;
};
struct QemuTypeInfo {
  const char* name = nullptr;
  const char* parent = nullptr;
  std::size_t instance_size = 0;  // 0: the parent's
  std::size_t instance_align = 0;
  void* instance_init = nullptr;
  void* instance_post_init = nullptr;
  void* instance_finalize = nullptr;
  bool abstract = false;
  std::size_t class_size = 0;  // 0: the parent's
  void (*class_init)(ObjectClass*, void* class_data) = nullptr;
  void* class_base_init = nullptr;
  void* class_data = nullptr;
  const QemuInterface* interfaces = nullptr;  // ended by a null type
};

struct PciInterruptRoute {
  int mode;  // 0: enabled
  int line;
};

// Every function that must exist, by QEMU's name, with the type it is called through.
#define QVM_QEMU_REQUIRED(F)                                                                         \
  F(qmp_query_version, QemuVersionInfo* (*)(QemuError**))                                            \
  F(get_system_memory, MemoryRegion* (*)())                                                          \
  F(memory_region_init_io,                                                                           \
    void (*)(MemoryRegion*, Object*, const MemoryRegionOps*, void*, const char*, std::uint64_t))     \
  F(memory_region_init_ram_ptr, void (*)(MemoryRegion*, Object*, const char*, std::uint64_t, void*)) \
  F(memory_region_init_rom_device, void (*)(MemoryRegion*, Object*, const MemoryRegionOps*, void*,   \
                                            const char*, std::uint64_t, QemuError**))                \
  F(memory_region_get_ram_ptr, void* (*)(MemoryRegion*))                                             \
  F(memory_region_init_alias,                                                                        \
    void (*)(MemoryRegion*, Object*, const char*, MemoryRegion*, std::uint64_t, std::uint64_t))      \
  F(memory_region_add_subregion_overlap, void (*)(MemoryRegion*, std::uint64_t, MemoryRegion*, int)) \
  F(memory_region_set_enabled, void (*)(MemoryRegion*, bool))                                        \
  F(memory_region_set_alias_offset, void (*)(MemoryRegion*, std::uint64_t))                          \
  F(memory_region_set_size, void (*)(MemoryRegion*, std::uint64_t))                                  \
  F(memory_region_set_address, void (*)(MemoryRegion*, std::uint64_t))                               \
  F(memory_region_transaction_begin, void (*)())                                                     \
  F(memory_region_transaction_commit, void (*)())                                                    \
  F(object_new, Object* (*)(const char*))                                                            \
  F(object_unref, void (*)(Object*))                                                                 \
  F(object_resolve_path_type, Object* (*)(const char*, const char*, bool*))                          \
  F(object_get_typename, const char* (*)(const Object*))                                             \
  F(qdev_get_gpio_in, IrqState* (*)(Object*, int))                                                   \
  F(qdev_get_machine, Object* (*)())                                                                 \
  F(qemu_set_irq, void (*)(IrqState*, int))                                                          \
  F(qemu_add_machine_init_done_notifier, void (*)(Notifier*))                                        \
  F(qemu_add_exit_notifier, void (*)(Notifier*))                                                     \
  F(qemu_register_reset, void (*)(void (*)(void*), void*))                                           \
  F(migration_is_blocked, bool (*)(QemuError**))                                                     \
  F(rcu_register_thread, void (*)())                                                                 \
  F(error_setg_internal, void (*)(QemuError**, const char*, int, const char*, const char*, ...))     \
  F(error_get_pretty, const char* (*)(const QemuError*))

// Functions that some builds lack (no KVM, no ISA bus) or that few VMs need; null if missing. Whoever uses
// one checks.
#define QVM_QEMU_OPTIONAL(F)                       \
  F(isa_get_irq, IrqState* (*)(Object*, unsigned)) \
  F(kvm_set_irq, int (*)(KvmState*, int, int))     \
  F(memory_region_set_readonly, void (*)(MemoryRegion*, bool))

// Functions for vdevs that are PCI devices; needed only if there is one: see missing_for_pci().
#define QVM_QEMU_PCI(F)                                                                \
  F(type_register_static, void* (*)(const QemuTypeInfo*))                              \
  F(object_class_by_name, ObjectClass* (*)(const char*))                               \
  F(object_class_dynamic_cast, ObjectClass* (*)(ObjectClass*, const char*))            \
  F(memory_region_del_subregion, void (*)(MemoryRegion*, MemoryRegion*))               \
  F(pci_register_bar, void (*)(PciDevice*, int, std::uint8_t, MemoryRegion*))          \
  F(pci_set_irq, void (*)(PciDevice*, int))                                            \
  F(pci_device_route_intx_to_irq, PciInterruptRoute (*)(PciDevice*, int))              \
  F(pci_default_read_config, std::uint32_t (*)(PciDevice*, std::uint32_t, int))        \
  F(pci_default_write_config, void (*)(PciDevice*, std::uint32_t, std::uint32_t, int)) \
  F(pci_bridge_write_config, void (*)(PciDevice*, std::uint32_t, std::uint32_t, int))

// Functions for devices of the machine's own that are to be elsewhere; needed only if there is one: see
// missing_for_board().
#define QVM_QEMU_BOARD(F)                                                             \
  F(sysbus_mmio_get_region, MemoryRegion* (*)(Object*, int))                          \
  F(memory_region_is_mapped, bool (*)(MemoryRegion*))                                 \
  F(sysbus_mmio_map_overlap, void (*)(Object*, int, std::uint64_t, int))              \
  F(sysbus_connect_irq, void (*)(Object*, int, IrqState*))                            \
  F(sysbus_realize_and_unref, bool (*)(Object*, QemuError**))                         \
  F(sysbus_has_mmio, bool (*)(Object*, unsigned))                                     \
  F(sysbus_get_default, Object* (*)())                                                \
  F(qdev_new, Object* (*)(const char*))                                               \
  F(qdev_prop_set_chr, void (*)(Object*, const char*, CharacterDevice*))              \
  F(qdev_find_recursive, Object* (*)(Object*, const char*))                           \
  F(qdev_get_parent_bus, Object* (*)(const Object*))                                  \
  F(qemu_chr_find, CharacterDevice* (*)(const char*))                                 \
  F(object_get_root, Object* (*)())                                                   \
  F(object_dynamic_cast, Object* (*)(Object*, const char*))                           \
  F(object_child_foreach_recursive, int (*)(Object*, int (*)(Object*, void*), void*)) \
  F(object_property_get_bool, bool (*)(Object*, const char*, QemuError**))            \
  F(object_property_set_bool, bool (*)(Object*, const char*, bool, QemuError**))      \
  F(object_property_get_str, char* (*)(Object*, const char*, QemuError**))

// Resolved once, then constant; safe to use from any thread (each function has its own locking rule).
class QemuApi {
 public:
  // Fails naming the first function that QEMU lacks, and QEMU's version.
  static Result<QemuApi> resolve(SymbolLookup lookup);
  static Result<QemuApi> resolve_in_process();

  template <class T>
  struct Pointer {
    using type = T;
  };
#define QVM_QEMU_MEMBER(function, ...) Pointer<__VA_ARGS__>::type function = nullptr;
  QVM_QEMU_REQUIRED(QVM_QEMU_MEMBER)
  QVM_QEMU_OPTIONAL(QVM_QEMU_MEMBER)
  QVM_QEMU_PCI(QVM_QEMU_MEMBER)
  QVM_QEMU_BOARD(QVM_QEMU_MEMBER)
#undef QVM_QEMU_MEMBER

  const QemuVersionTriple& version() const {
    return x_version;
  }
  std::string version_text() const;

  // The first of QVM_QEMU_PCI that QEMU lacks, or null.
  const char* missing_for_pci() const;
  // The same of QVM_QEMU_BOARD.
  const char* missing_for_board() const;

  // QEMU's global lock and physical memory: see QemuVersions.
  void lock() const {
    x_versions.lock();
  }
  void unlock() const {
    x_versions.unlock();
  }
  void memory_rw(std::uint64_t address, void* data, std::uint64_t bytes, bool write) const {
    x_versions.memory_rw(address, data, bytes, write);
  }

  // True under KVM with PIC, I/O APIC and LAPIC in the kernel. Final once the machine is made.
  bool in_kernel_irqchip() const;
  bool kvm() const {
    return x_kvm_allowed != nullptr && *x_kvm_allowed;
  }
  KvmState* kvm_state() const {
    return x_kvm_state == nullptr ? nullptr : *x_kvm_state;
  }
  bool tcg() const {
    return x_tcg_allowed != nullptr && *x_tcg_allowed && !kvm();
  }
  // Fails if the machine runs under neither of the two, as far as QEMU tells.
  Result<void> check_accelerator() const;
  // Fails if memory that is shared with other processes cannot work: if locked instructions are not atomic
  // against them, or if KVM's number of mappings is not known.
  Result<void> check_shared_memory() const;
  // Whether one more range can be mapped. QEMU aborts if KVM has no slot left for it.
  bool can_map_more() const {
    return !kvm() || x_versions.kvm_slot_free(qdev_get_machine()).value_or(false);
  }

  // Makes save, snapshot and migration fail with reason, and proves that they do.
  Result<void> block_migration(const char* reason) const;

 private:
  QemuVersionTriple x_version{};
  QemuVersions x_versions;
  const bool* x_kvm_allowed = nullptr;
  const bool* x_kvm_kernel_irqchip = nullptr;
  const bool* x_kvm_split_irqchip = nullptr;
  KvmState* const* x_kvm_state = nullptr;
  const bool* x_tcg_allowed = nullptr;
};

// The bytes that an object of QEMU's has at least, of those that QEMU allocates by itself. It does so with
// malloc, whose book-keeping knows them; QEMU from 10.0 on has no function that tells.
std::size_t object_bytes(const void* object);

// Memory for one MemoryRegion, zeroed, as long as one that QEMU makes. Never freed: QEMU keeps regions for
// the life of the machine. Fails if QEMU's own has a size that cannot be. QEMU's lock is held.
Result<MemoryRegion*> new_memory_region(const QemuApi& qemu);

}  // namespace qvm::vmhost
