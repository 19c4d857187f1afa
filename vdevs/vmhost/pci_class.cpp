// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/pci_class.h"

#include <malloc.h>

#include <array>
#include <cstring>
#include <optional>

namespace qvm::vmhost {

namespace {

struct KnownClass {
  const char* type;
  std::uint16_t vendor;
  std::uint16_t device;
  bool has_exit;
  bool has_config_write;
};

constexpr const char* kBridge = "i82801b11-bridge";
// Not every build has all of them.
constexpr std::array<KnownClass, 5> kKnown{{{"pci-testdev", 0x1b36, 0x0005, true, false},
                                            {"ivshmem-plain", 0x1af4, 0x1110, true, true},
                                            {"edu", 0x1234, 0x11e8, true, false},
                                            {kBridge, 0x8086, 0x244e, false, true},
                                            {"rtl8139", 0x10ec, 0x8139, true, false}}};
constexpr std::size_t kFewest = 3;

constexpr std::size_t kIds = offsetof(PciClassPart, vendor);

// Where the pair of numbers is in a class; nullopt unless it is there exactly once.
std::optional<std::size_t> place_of_ids(ObjectClass* klass, const KnownClass& known) {
  const char* const bytes = reinterpret_cast<const char*>(klass);
  const std::array<std::uint16_t, 2> wanted{known.vendor, known.device};
  // QEMU allocates a class by itself, with malloc: its own size is not to be had, but no less than it.
  const std::size_t size = ::malloc_usable_size(klass);
  std::optional<std::size_t> found;
  for (std::size_t at = 0; at + sizeof wanted <= size; at += sizeof(std::uint16_t)) {
    if (std::memcmp(bytes + at, wanted.data(), sizeof wanted) != 0) continue;
    if (found) return std::nullopt;
    found = at;
  }
  return found;
}

}  // namespace

PciClassPart* PciClassLayout::part(ObjectClass* klass) const {
  if (x_offset + sizeof(PciClassPart) > ::malloc_usable_size(klass)) return nullptr;
  return reinterpret_cast<PciClassPart*>(reinterpret_cast<char*>(klass) + x_offset);
}

Result<PciClassLayout> PciClassLayout::find(const QemuApi& qemu) {
  const auto unknown = [&qemu](const std::string& why) {
    return fail("QEMU " + qemu.version_text() + " has PCI device classes that vmhost does not know (" + why +
                "): a vdev can be no PCI device here; give it a place with 'loc' and 'intr'");
  };
  std::size_t seen = 0;
  std::optional<std::size_t> place;
  for (const KnownClass& known : kKnown) {
    ObjectClass* const klass = qemu.object_class_by_name(known.type);
    if (klass == nullptr) continue;
    const auto here = place_of_ids(klass, known);
    if (!here || *here < kIds || (*here - kIds) % alignof(PciClassPart) != 0 || (place && *place != *here))
      return unknown(std::string("the numbers of '") + known.type + "' are not where others have theirs");
    place = here;
    ++seen;
    const PciClassPart* const part = PciClassLayout(*here - kIds).part(klass);
    if (part == nullptr || part->realize == nullptr || part->config_read != nullptr ||
        (part->exit != nullptr) != known.has_exit ||
        (part->config_write != nullptr) != known.has_config_write)
      return unknown(std::string("'") + known.type + "' has other functions than it should");
  }
  if (seen < kFewest) return unknown("too few of the devices that tell");
  const PciClassLayout layout(*place - kIds);
  ObjectClass* const bridge = qemu.object_class_by_name(kBridge);
  if (bridge == nullptr) return unknown("no bridge to compare with");
  if (layout.part(bridge)->config_write != qemu.pci_bridge_write_config)
    return unknown("the functions of a bridge are not where they should be");
  ObjectClass* const base = qemu.object_class_by_name("pci-device");
  const PciClassPart* const empty = base == nullptr ? nullptr : layout.part(base);
  if (empty == nullptr || empty->realize != nullptr || empty->exit != nullptr ||
      empty->config_read != nullptr || empty->config_write != nullptr || empty->vendor != 0 ||
      empty->device != 0)
    return unknown("the common base class is not empty");
  return layout;
}

}  // namespace qvm::vmhost
