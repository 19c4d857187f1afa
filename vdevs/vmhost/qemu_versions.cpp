// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/qemu_versions.h"

#include <charconv>
#include <string_view>

namespace qvm::vmhost {

namespace {

template <class T>
void find(SymbolLookup lookup, const char* name, T& into) {
  into = reinterpret_cast<T>(lookup(name));
}

// The head of QEMU's lists: the first entry, and where the last one's link is.
struct PluginList {
  void* first = nullptr;
  void* last = this;
};

// What a QEMU accepts that cannot be asked. All that were tried can be; so it is a later one, and the newest
// version known here is the likeliest.
constexpr int kNewestKnownInterface = 7;

// The number at the end of text, if it is one that can be a version.
std::optional<int> number_at_end(std::string_view text) {
  const std::size_t before = text.find_last_not_of("0123456789");
  const std::string_view digits = text.substr(before == std::string_view::npos ? 0 : before + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value == kNoInterfaceVersion) return std::nullopt;
  return value;
}

// QEMU's options end at a comma unless it is doubled.
std::string as_option(std::string_view text) {
  std::string option;
  for (const char c : text) option += c == ',' ? ",," : std::string(1, c);
  return option;
}

}  // namespace

std::string use_tried_version() {
  return "use a QEMU that was built with modules, of a version that was tried (7.2, 10.0, 11.1)";
}

Error missing_function(const std::string& version, const std::string& names) {
  return Error("QEMU " + version + " has no function " + names + ", which vmhost needs; " +
               use_tried_version());
}

Result<QemuVersions> QemuVersions::resolve(SymbolLookup lookup, const std::string& version) {
  QemuVersions found;
  const auto missing = [&version](const char* names) {
    return tl::unexpected(missing_function(version, names));
  };
  // From 9.0 on, and before.
  find(lookup, "bql_lock_impl", found.x_lock);
  find(lookup, "bql_unlock", found.x_unlock);
  if (found.x_lock == nullptr || found.x_unlock == nullptr) {
    find(lookup, "qemu_mutex_lock_iothread_impl", found.x_lock);
    find(lookup, "qemu_mutex_unlock_iothread", found.x_unlock);
  }
  if (found.x_lock == nullptr || found.x_unlock == nullptr)
    return missing("'bql_lock_impl' or 'qemu_mutex_lock_iothread_impl'");

  // Up to 10.x, and in 11.1.
  find(lookup, "cpu_physical_memory_rw", found.x_memory_rw);
  find(lookup, "physical_memory_read", found.x_memory_read);
  find(lookup, "physical_memory_write", found.x_memory_write);
  if (found.x_memory_rw == nullptr && (found.x_memory_read == nullptr || found.x_memory_write == nullptr))
    return missing("'cpu_physical_memory_rw' or 'physical_memory_read'");

  // Up to 8.x, and after; a QEMU without KVM may have neither.
  find(lookup, "kvm_has_free_slot", found.x_kvm_has_free_slot);
  find(lookup, "kvm_get_free_memslots", found.x_kvm_free_slots);

  // A variable up to 10.0, a function in 11.1; a QEMU without TCG may have neither.
  find(lookup, "mttcg_enabled", found.x_mttcg_enabled);
  find(lookup, "qemu_tcg_mttcg_enabled", found.x_mttcg_is_enabled);

  // From 8.2 on it takes the address of the reason. The same release brought a second function, which tells.
  const bool by_address = lookup("migrate_add_blocker_modes") != nullptr;
  if (by_address) {
    find(lookup, "migrate_add_blocker", found.x_block_by_address);
  } else {
    find(lookup, "migrate_add_blocker", found.x_block_by_reason);
  }
  if (found.x_block_by_address == nullptr && found.x_block_by_reason == nullptr)
    return missing("'migrate_add_blocker'");
  return found;
}

void QemuVersions::memory_rw(std::uint64_t address, void* data, std::uint64_t bytes, bool write) const {
  if (x_memory_rw != nullptr) {
    x_memory_rw(address, data, bytes, write);
  } else if (write) {
    x_memory_write(address, data, bytes);
  } else {
    x_memory_read(address, data, bytes);
  }
}

std::optional<bool> QemuVersions::kvm_slot_free(Object* machine) const {
  if (x_kvm_has_free_slot != nullptr) return x_kvm_has_free_slot(machine);
  if (x_kvm_free_slots != nullptr) return x_kvm_free_slots() > 0;
  return std::nullopt;
}

std::optional<bool> QemuVersions::tcg_is_multi_threaded() const {
  if (x_mttcg_enabled != nullptr) return *x_mttcg_enabled;
  if (x_mttcg_is_enabled != nullptr) return x_mttcg_is_enabled();
  return std::nullopt;
}

int QemuVersions::add_migration_blocker(QemuError* reason, QemuError** error) const {
  if (x_block_by_reason != nullptr) return x_block_by_reason(reason, error);
  // QEMU keeps the address.
  static QemuError* kept = nullptr;
  kept = reason;
  return x_block_by_address(&kept, error);
}

int plugin_interface_version(SymbolLookup lookup, const std::string& file, int& declared) {
  void (*parse)(const char*, PluginList*) = nullptr;
  int (*load)(PluginList*, QemuError**) = nullptr;
  const char* (*text_of)(const QemuError*) = nullptr;
  find(lookup, "qemu_plugin_opt_parse", parse);
  find(lookup, "qemu_plugin_load_list", load);
  find(lookup, "error_get_pretty", text_of);
  if (parse == nullptr || load == nullptr || text_of == nullptr) return kNewestKnownInterface;

  const int before = declared;
  declared = kNoInterfaceVersion;
  PluginList list;
  QemuError* error = nullptr;  // a few bytes, once: not worth one more function to free it
  parse(("file=" + as_option(file)).c_str(), &list);
  const bool refused = load(&list, &error) != 0 && error != nullptr;
  declared = before;
  return refused ? number_at_end(text_of(error)).value_or(kNewestKnownInterface) : kNewestKnownInterface;
}

}  // namespace qvm::vmhost
