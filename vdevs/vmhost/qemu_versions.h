// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What differs between the versions of QEMU that vmhost runs in: all of it, and nothing else does. The table
// in docs/vmhost.md names the versions.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "qvm/base/result.h"

namespace qvm::vmhost {

struct Object;
struct QemuError;

// Where a symbol is, or null: dlsym in QEMU, a fake in tests.
using SymbolLookup = void* (*)(const char* name);

// What to do about a QEMU that vmhost cannot work with, for messages; names the versions that qvm's tests
// have passed with. A later one is tried all the same.
std::string use_tried_version();

// What to say of a function without which vmhost cannot work. names: "'a'", or the names of all its forms.
Error missing_function(const std::string& version, const std::string& names);

// Functions and variables whose name or arguments depend on the version. Which form a QEMU has is told by
// which symbols it exports, never by its version number. Constant; each function has its own locking rule.
class QemuVersions {
 public:
  // version: QEMU's, for messages. Fails naming the forms of the first function that QEMU has in no form.
  static Result<QemuVersions> resolve(SymbolLookup lookup, const std::string& version);

  // QEMU's global lock ("BQL"). Not recursive.
  void lock() const { x_lock(__FILE__, __LINE__); }
  void unlock() const { x_unlock(); }

  // One access to the guest's physical memory, as a device makes it. QEMU's lock is held.
  void memory_rw(std::uint64_t address, void* data, std::uint64_t bytes, bool write) const;

  // Whether KVM can map one more range; nullopt: QEMU does not say. For VMs under KVM.
  std::optional<bool> kvm_slot_free(Object* machine) const;

  // Whether each vCPU of TCG has a thread of its own; nullopt: QEMU does not say. For VMs under TCG.
  std::optional<bool> tcg_is_multi_threaded() const;

  // Makes saving fail with reason, which QEMU owns from now on. Negative: it did not, and error says why.
  int add_migration_blocker(QemuError* reason, QemuError** error) const;

 private:
  void (*x_lock)(const char*, int) = nullptr;
  void (*x_unlock)() = nullptr;
  void (*x_memory_rw)(std::uint64_t, void*, std::uint64_t, bool) = nullptr;
  void (*x_memory_read)(std::uint64_t, void*, std::uint64_t) = nullptr;
  void (*x_memory_write)(std::uint64_t, const void*, std::uint64_t) = nullptr;
  bool (*x_kvm_has_free_slot)(Object*) = nullptr;
  unsigned (*x_kvm_free_slots)() = nullptr;
  const bool* x_mttcg_enabled = nullptr;
  bool (*x_mttcg_is_enabled)() = nullptr;
  int (*x_block_by_reason)(QemuError*, QemuError**) = nullptr;
  int (*x_block_by_address)(QemuError**, QemuError**) = nullptr;
};

// No version of QEMU's plugin interface.
inline constexpr int kNoInterfaceVersion = std::numeric_limits<int>::max();

// The version of QEMU's plugin interface that a plugin has to declare: the newest that this QEMU accepts.
// QEMU is asked for it, by having it load `file`, which is the plugin itself, while `declared`, the plugin's
// variable qemu_plugin_version, is kNoInterfaceVersion: the refusal says what is accepted. Should a QEMU
// accept that too, it calls the plugin's qemu_plugin_install, which then has to return the same number.
// To be called from the plugin's constructor. `declared` is as before on return.
int plugin_interface_version(SymbolLookup lookup, const std::string& file, int& declared);

}  // namespace qvm::vmhost
