// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>

#include "vdevs/vmhost/gic_pins.h"
#include "vdevs/vmhost/traps.h"

namespace qvm::vmhost {
namespace {

constexpr const char* kSerialType = "pl011";

// The first object below root, however deep, for which the condition holds; null if there is none.
Object* find_below(const QemuApi& qemu, Object* root, const std::function<bool(Object*)>& condition) {
  struct Search {
    const std::function<bool(Object*)>& condition;
    Object* found = nullptr;
  };
  Search search{condition};
  qemu.object_child_foreach_recursive(
      root,
      [](Object* object, void* opaque) {
        auto& current = *static_cast<Search*>(opaque);
        if (!current.condition(object)) return 0;
        current.found = object;
        return 1;
      },
      &search);
  return search.found;
}

class Placer {
 public:
  Placer(const QemuApi& qemu, const GicPins& pins) : x_qemu(qemu), x_pins(pins) {}

  Result<void> place(const PlacedPart& part) {
    auto device = QVM_TRY(find(part));
    for (std::size_t i = 0; i < part.addresses.size(); ++i) {
      if (!x_qemu.sysbus_has_mmio(device, static_cast<unsigned>(i)))
        return fail(fmt::format("QEMU's model has no range {}", i));
      MemoryRegion* range = x_qemu.sysbus_mmio_get_region(device, static_cast<int>(i));
      // QEMU keeps book of the places that it gave through sysbus only, and the machine gave some otherwise.
      if (x_qemu.memory_region_is_mapped(range)) {
        x_qemu.memory_region_set_address(range, part.addresses[i]);
      } else {
        x_qemu.sysbus_mmio_map_overlap(device, static_cast<int>(i), part.addresses[i], kTrapPriority);
      }
    }
    if (part.legacy) {
      QVM_TRY(show_draft(device));
    }
    if (!part.line) return {};
    if (*part.line < kFirstSharedInterrupt || *part.line >= kEndOfSharedInterrupts)
      return fail(fmt::format("interrupt {} is not one of a device", *part.line));
    IrqState* input = x_pins.input(*part.line);
    if (input == nullptr) return fail(fmt::format("this machine's GIC has no interrupt {}", *part.line));
    x_qemu.sysbus_connect_irq(device, 0, input);
    return {};
  }

 private:
  Result<Object*> find(const PlacedPart& part) {
    if (!part.type.empty()) return find_type(part.type);
    if (!part.serial.empty()) return find_serial(part.serial);
    return find_transport(part.transport_of);
  }

  Result<Object*> find_type(const std::string& type) {
    bool ambiguous = false;
    Object* object = x_qemu.object_resolve_path_type("", type.c_str(), &ambiguous);
    if (object == nullptr)
      return fail(
          fmt::format("the machine has {} device of type '{}'", ambiguous ? "more than one" : "no", type));
    return object;
  }

  Result<Object*> find_serial(const std::string& chardev) {
    Object* own = find_below(x_qemu, x_qemu.object_get_root(), [&](Object* object) {
      if (x_qemu.object_dynamic_cast(object, kSerialType) == nullptr) return false;
      const std::unique_ptr<char, decltype(&std::free)> name(
          x_qemu.object_property_get_str(object, "chardev", nullptr), &std::free);
      return name != nullptr && chardev == name.get();
    });
    return own != nullptr ? Result<Object*>(own) : make_serial(chardev);
  }

  Result<Object*> make_serial(const std::string& chardev) {
    CharacterDevice* backend = x_qemu.qemu_chr_find(chardev.c_str());
    if (backend == nullptr) return fail(fmt::format("the machine has no character device '{}'", chardev));
    Object* device = x_qemu.qdev_new(kSerialType);
    x_qemu.qdev_prop_set_chr(device, "chardev", backend);
    QemuError* error = nullptr;
    if (!x_qemu.sysbus_realize_and_unref(device, &error))
      return fail(error != nullptr ? x_qemu.error_get_pretty(error) : "QEMU cannot make a serial port");
    return device;
  }

  Result<Object*> find_transport(const std::string& id) {
    Object* device = x_qemu.qdev_find_recursive(x_qemu.sysbus_get_default(), id.c_str());
    if (device == nullptr) return fail(fmt::format("the machine has no device '{}'", id));
    const Object* bus = x_qemu.qdev_get_parent_bus(device);
    const auto is_bus = [bus](Object* object) { return object == bus; };
    Object* transport = find_below(x_qemu, x_qemu.object_get_root(), [&](Object* object) {
      return x_qemu.object_dynamic_cast(object, "virtio-mmio") != nullptr &&
             find_below(x_qemu, object, is_bus) != nullptr;
    });
    if (transport == nullptr) return fail(fmt::format("device '{}' is not on a virtio-mmio transport", id));
    return transport;
  }

  // QEMU has one setting for all transports, which it reads again with every access; its place in the object
  // is where two objects differ that differ in nothing else.
  Result<void> show_draft(Object* transport) {
    constexpr const char* kType = "virtio-mmio";
    constexpr const char* kProperty = "force-legacy";
    Object* sample = x_qemu.object_new(kType);
    const std::size_t size = object_bytes(sample);
    const std::string before(reinterpret_cast<const char*>(sample), size);
    const bool is_set = x_qemu.object_property_get_bool(sample, kProperty, nullptr);
    const bool changed = x_qemu.object_property_set_bool(sample, kProperty, !is_set, nullptr);
    const std::string after(reinterpret_cast<const char*>(sample), size);
    x_qemu.object_unref(sample);
    const auto differs = std::mismatch(before.begin(), before.end(), after.begin());
    const bool one = changed && differs.first != before.end() &&
                     std::equal(differs.first + 1, before.end(), differs.second + 1);
    if (one) reinterpret_cast<char*>(transport)[differs.first - before.begin()] = 1;
    if (one && x_qemu.object_property_get_bool(transport, kProperty, nullptr)) return {};
    return fail(
        "this QEMU cannot show one virtio device as of version 0.9.5 and others not: give 'legacy' to none");
  }

  const QemuApi& x_qemu;
  const GicPins& x_pins;
};

}  // namespace

Result<void> place_parts(const QemuApi& qemu, const std::vector<PlacedPart>& parts) {
  if (parts.empty()) return {};
  if (const char* missing = qemu.missing_for_board(); missing != nullptr) {
    return fail(
        fmt::format("{}: QEMU {} has no function '{}', without which devices cannot be put to other places",
                    parts.front().full_title(), qemu.version_text(), missing));
  }
  auto pins = GicPins::create(qemu);
  if (!pins) return fail_from(std::move(pins), parts.front().full_title());
  for (const PlacedPart& part : parts) {
    auto placed = Placer(qemu, **pins).place(part);
    if (!placed) return fail_from(std::move(placed), part.full_title());
  }
  return {};
}

}  // namespace qvm::vmhost
