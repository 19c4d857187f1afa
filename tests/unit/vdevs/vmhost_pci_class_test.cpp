// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Finding the PCI part of QEMU's device classes, and refusing what only looks like it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "vdevs/vmhost/pci_class.h"

namespace qvm::vmhost {
namespace {

constexpr std::size_t kClassBytes = 256;

void realize(PciDevice*, QemuError**) {}
void leave(PciDevice*) {}
void config_write(PciDevice*, std::uint32_t, std::uint32_t, int) {}
void bridge_config_write(PciDevice*, std::uint32_t, std::uint32_t, int) {}
std::uint32_t config_read(PciDevice*, std::uint32_t, int) {
  return 0;
}

struct Freed {
  void operator()(void* memory) const { std::free(memory); }
};
using Class = std::unique_ptr<char, Freed>;

// The classes of a QEMU.
struct Classes {
  explicit Classes(std::size_t where = 176) : offset(where) {
    add("pci-testdev", {&realize, &leave, nullptr, nullptr, 0x1b36, 0x0005, 0, 0});
    add("ivshmem-plain", {&realize, &leave, nullptr, &config_write, 0x1af4, 0x1110, 1, 0x500});
    add("edu", {&realize, &leave, nullptr, nullptr, 0x1234, 0x11e8, 0x10, 0xff});
    add("i82801b11-bridge", {&realize, nullptr, nullptr, &bridge_config_write, 0x8086, 0x244e, 0x92, 0});
    add("rtl8139", {&realize, &leave, nullptr, nullptr, 0x10ec, 0x8139, 0x20, 0x200});
    add("pci-device", {});
  }
  void add(const std::string& name, const PciClassPart& part) {
    Class made(static_cast<char*>(std::calloc(1, kClassBytes)));
    std::memcpy(made.get() + offset, &part, sizeof part);
    all[name] = std::move(made);
  }
  PciClassPart& part(const std::string& name) {
    return *reinterpret_cast<PciClassPart*>(all.at(name).get() + offset);
  }
  std::size_t offset;
  std::map<std::string, Class> all;
};
Classes* g_classes = nullptr;

ObjectClass* class_by_name(const char* name) {
  const auto found = g_classes->all.find(name);
  return found == g_classes->all.end() ? nullptr : reinterpret_cast<ObjectClass*>(found->second.get());
}

Result<PciClassLayout> find(Classes& classes) {
  g_classes = &classes;
  QemuApi qemu;
  qemu.object_class_by_name = &class_by_name;
  qemu.pci_bridge_write_config = &bridge_config_write;
  return PciClassLayout::find(qemu);
}

TEST(PciClass, IsFoundWhereverItIs) {
  for (const std::size_t offset : {std::size_t{0}, std::size_t{176}, kClassBytes - sizeof(PciClassPart)}) {
    Classes classes(offset);
    const auto layout = find(classes);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->part(class_by_name("edu")), &classes.part("edu"));
  }
}

TEST(PciClass, NeedsNotEveryDevice) {
  Classes classes;
  classes.all.erase("edu");
  classes.all.erase("rtl8139");
  EXPECT_TRUE(find(classes));
}

TEST(PciClass, HasNoPartInAShortClass) {
  Classes classes;
  const auto layout = find(classes);
  ASSERT_TRUE(layout);
  const Class small(static_cast<char*>(std::calloc(1, 64)));
  EXPECT_EQ(layout->part(reinterpret_cast<ObjectClass*>(small.get())), nullptr);
}

struct OddClass {
  const char* name;
  std::function<void(Classes&)> change;
  const char* message;
};
class PciClassRefuses : public ::testing::TestWithParam<OddClass> {};

TEST_P(PciClassRefuses, WhatIsOtherwise) {
  Classes classes;
  GetParam().change(classes);
  const auto layout = find(classes);
  ASSERT_FALSE(layout);
  const std::string message = layout.error().message();
  EXPECT_NE(message.find(GetParam().message), std::string::npos) << message;
  EXPECT_NE(message.find("give it a place with 'loc' and 'intr'"), std::string::npos) << message;
}

void shift(Classes& classes, const std::string& name, std::size_t offset) {
  const PciClassPart part = classes.part(name);
  std::memset(classes.all.at(name).get(), 0, kClassBytes);
  std::memcpy(classes.all.at(name).get() + offset, &part, sizeof part);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, PciClassRefuses,
    ::testing::Values(
        OddClass{"moved", [](Classes& c) { shift(c, "edu", 96); }, "'edu' are not where others have theirs"},
        OddClass{"twice", [](Classes& c) { std::memcpy(c.all["edu"].get(), &c.part("edu").vendor, 4); },
                 "'edu' are not where others have theirs"},
        OddClass{"renumbered", [](Classes& c) { c.part("rtl8139").device = 0; },
                 "'rtl8139' are not where others have theirs"},
        OddClass{"few",
                 [](Classes& c) {
                   for (const char* name : {"edu", "rtl8139", "pci-testdev"}) c.all.erase(name);
                 },
                 "too few of the devices that tell"},
        OddClass{"no_bridge", [](Classes& c) { c.all.erase("i82801b11-bridge"); },
                 "no bridge to compare with"},
        OddClass{"other_bridge", [](Classes& c) { c.part("i82801b11-bridge").config_write = &config_write; },
                 "the functions of a bridge are not where they should be"},
        OddClass{"no_realize", [](Classes& c) { c.part("edu").realize = nullptr; },
                 "'edu' has other functions than it should"},
        OddClass{"no_exit", [](Classes& c) { c.part("pci-testdev").exit = nullptr; },
                 "'pci-testdev' has other functions than it should"},
        OddClass{"more", [](Classes& c) { c.part("edu").config_read = &config_read; },
                 "'edu' has other functions than it should"},
        OddClass{"no_base", [](Classes& c) { c.all.erase("pci-device"); },
                 "the common base class is not empty"},
        OddClass{"full_base", [](Classes& c) { c.part("pci-device").exit = &leave; },
                 "the common base class is not empty"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace qvm::vmhost
