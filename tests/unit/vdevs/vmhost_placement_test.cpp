// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What is asked of QEMU to put a board's devices to their places. That it does so is seen by the guest of
// tests/system.
#include "vdevs/vmhost/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace qvm::vmhost::placement_test {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kTransportBytes = 64;
constexpr std::size_t kFlag = 40;  // where a transport has its setting

// One object of the machine; what QEMU's functions take and give are addresses of these.
struct FakeObject {
  char bytes[kTransportBytes] = {};
  std::string type;
  std::string chardev;
  bool mapped = true;
  int ranges = 1;
  FakeObject* parent = nullptr;
};

struct FakeMachine {
  std::deque<FakeObject> objects;  // of the tree, without the root
  FakeObject device;               // "ua-disk", on bus
  FakeObject bus;
  bool gic = true;
  bool flag_is_elsewhere = false;
  std::vector<std::string> calls;

  FakeObject& add(std::string type, FakeObject* parent = nullptr) {
    FakeObject& object = objects.emplace_back();
    object.type = std::move(type);
    object.parent = parent;
    return object;
  }
};
FakeMachine* g_machine = nullptr;
FakeObject g_root;
FakeObject g_gic;
FakeObject g_made;
std::unique_ptr<FakeObject> g_sample;

QemuVersionTriple g_version{7, 2, 22};
QemuVersionInfo g_info{&g_version, nullptr};

Object* as_object(FakeObject& object) {
  return reinterpret_cast<Object*>(&object);
}
FakeObject& fake(const void* object) {
  return *static_cast<FakeObject*>(const_cast<void*>(object));
}
void note(std::string call) {
  g_machine->calls.push_back(std::move(call));
}

QemuVersionInfo* query_version(QemuError**) {
  return &g_info;
}
Object* resolve_path_type(const char*, const char* type, bool*) {
  return g_machine->gic && std::string(type) == "arm-gicv3-common" ? as_object(g_gic) : nullptr;
}
IrqState* gpio_in(Object*, int line) {
  return line < 256 ? reinterpret_cast<IrqState*>(static_cast<std::uintptr_t>(line) + 1) : nullptr;
}
bool has_mmio(Object* device, unsigned range) {
  return static_cast<int>(range) < fake(device).ranges;
}
MemoryRegion* region_of(Object* device, int) {
  return reinterpret_cast<MemoryRegion*>(device);
}
bool is_mapped(MemoryRegion* region) {
  return fake(region).mapped;
}
void set_address(MemoryRegion* region, std::uint64_t address) {
  note(fake(region).type + " to " + std::to_string(address));
}
void map_overlap(Object* device, int, std::uint64_t address, int) {
  note(fake(device).type + " mapped at " + std::to_string(address));
}
void connect_irq(Object* device, int, IrqState* input) {
  note(fake(device).type + " on input " + std::to_string(reinterpret_cast<std::uintptr_t>(input) - 1));
}
Object* get_root() {
  return as_object(g_root);
}
Object* dynamic_cast_to(Object* object, const char* type) {
  return fake(object).type == type ? object : nullptr;
}
int for_each_below(Object* root, int (*function)(Object*, void*), void* opaque) {
  for (FakeObject& object : g_machine->objects) {
    if (root != as_object(g_root) && object.parent != &fake(root)) continue;
    if (const int stop = function(as_object(object), opaque); stop != 0) return stop;
  }
  if (!g_machine->objects.empty() && g_machine->bus.parent != nullptr &&
      (root == as_object(g_root) || g_machine->bus.parent == &fake(root)))
    return function(as_object(g_machine->bus), opaque);
  return 0;
}
char* get_text(Object* object, const char*, QemuError**) {
  return ::strdup(fake(object).chardev.c_str());
}
CharacterDevice* find_chardev(const char* name) {
  return std::string(name) == "charserial1" ? reinterpret_cast<CharacterDevice*>(&g_made) : nullptr;
}
Object* new_device(const char* type) {
  g_made = {};
  g_made.type = type;
  g_made.mapped = false;
  return as_object(g_made);
}
void set_chardev(Object*, const char*, CharacterDevice*) {
  note("chardev set");
}
bool realize(Object*, QemuError**) {
  note("realized");
  return true;
}
Object* default_bus() {
  return nullptr;
}
Object* find_device(Object*, const char* id) {
  return std::string(id) == "ua-disk" ? as_object(g_machine->device) : nullptr;
}
Object* parent_bus(const Object*) {
  return as_object(g_machine->bus);
}
// By itself in memory, as QEMU's are.
Object* new_object(const char*) {
  g_sample = std::make_unique<FakeObject>();
  return as_object(*g_sample);
}
void unref(Object*) {
  g_sample.reset();
}
bool get_flag(Object* object, const char*, QemuError**) {
  return !g_machine->flag_is_elsewhere && fake(object).bytes[kFlag] != 0;
}
bool set_flag(Object* object, const char*, bool value, QemuError**) {
  fake(object).bytes[kFlag] = value ? 1 : 0;
  return true;
}

void* lookup(const char* name) {
  struct Function {
    const char* name;
    void* address;
  };
#define QVM_FAKE(name, function)                \
  Function {                                    \
#name, reinterpret_cast < void*>(&function) \
  }
  static const Function kFunctions[] = {
      QVM_FAKE(qmp_query_version, query_version),
      QVM_FAKE(object_resolve_path_type, resolve_path_type),
      QVM_FAKE(qdev_get_gpio_in, gpio_in),
      QVM_FAKE(sysbus_has_mmio, has_mmio),
      QVM_FAKE(sysbus_mmio_get_region, region_of),
      QVM_FAKE(memory_region_is_mapped, is_mapped),
      QVM_FAKE(memory_region_set_address, set_address),
      QVM_FAKE(sysbus_mmio_map_overlap, map_overlap),
      QVM_FAKE(sysbus_connect_irq, connect_irq),
      QVM_FAKE(object_get_root, get_root),
      QVM_FAKE(object_dynamic_cast, dynamic_cast_to),
      QVM_FAKE(object_child_foreach_recursive, for_each_below),
      QVM_FAKE(object_property_get_str, get_text),
      QVM_FAKE(qemu_chr_find, find_chardev),
      QVM_FAKE(qdev_new, new_device),
      QVM_FAKE(qdev_prop_set_chr, set_chardev),
      QVM_FAKE(sysbus_realize_and_unref, realize),
      QVM_FAKE(sysbus_get_default, default_bus),
      QVM_FAKE(qdev_find_recursive, find_device),
      QVM_FAKE(qdev_get_parent_bus, parent_bus),
      QVM_FAKE(object_new, new_object),
      QVM_FAKE(object_unref, unref),
      QVM_FAKE(object_property_get_bool, get_flag),
      QVM_FAKE(object_property_set_bool, set_flag),
  };
#undef QVM_FAKE
  for (const Function& function : kFunctions) {
    if (std::strcmp(function.name, name) == 0) return function.address;
  }
  return &g_root;  // not called here
}

PlacedPart part_at(std::uint64_t address) {
  PlacedPart part;
  part.title = "vdev it";
  part.place = "b.qvmconf:3:4";
  part.addresses = {address};
  return part;
}

struct Placement : ::testing::Test {
  void SetUp() override {
    g_machine = &machine;
    g_gic = {};
    g_gic.type = "gic";
    g_gic.ranges = 2;
  }
  std::string place(const PlacedPart& part) {
    const QemuApi qemu = QemuApi::resolve(&lookup).value();
    const auto placed = place_parts(qemu, {part});
    return placed ? "" : placed.error().message();
  }

  FakeMachine machine;
};

TEST_F(Placement, MovesAControllerWithAllItsRanges) {
  PlacedPart part = part_at(1000);
  part.type = "arm-gicv3-common";
  part.addresses.push_back(2000);
  EXPECT_EQ(place(part), "");
  EXPECT_THAT(machine.calls, ElementsAre("gic to 1000", "gic to 2000"));
  part.addresses.push_back(3000);
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): QEMU's model has no range 2");
}

TEST_F(Placement, MovesTheSerialPortOfTheMachine) {
  machine.add("pl011").chardev = "other";
  machine.add("pl011").chardev = "charserial0";
  PlacedPart part = part_at(1000);
  part.serial = "charserial0";
  part.line = 37;
  EXPECT_EQ(place(part), "");
  EXPECT_THAT(machine.calls, ElementsAre("pl011 to 1000", "pl011 on input 5"));
}

TEST_F(Placement, MakesASerialPortThatTheMachineHasNot) {
  PlacedPart part = part_at(1000);
  part.serial = "charserial1";
  EXPECT_EQ(place(part), "");
  EXPECT_THAT(machine.calls, ElementsAre("chardev set", "realized", "pl011 mapped at 1000"));
  part.serial = "charserial7";
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): the machine has no character device 'charserial7'");
}

TEST_F(Placement, MovesTheTransportThatADeviceIsOn) {
  machine.add("virtio-mmio");
  machine.bus.parent = &machine.add("virtio-mmio");
  PlacedPart part = part_at(1000);
  part.transport_of = "ua-disk";
  part.line = 41;
  EXPECT_EQ(place(part), "");
  EXPECT_THAT(machine.calls, ElementsAre("virtio-mmio to 1000", "virtio-mmio on input 9"));
  EXPECT_EQ(machine.objects[0].bytes[kFlag], 0);
  EXPECT_EQ(machine.objects[1].bytes[kFlag], 0);
  part.legacy = true;
  EXPECT_EQ(place(part), "");
  EXPECT_EQ(machine.objects[0].bytes[kFlag], 0) << "of another device";
  EXPECT_EQ(machine.objects[1].bytes[kFlag], 1);
}

TEST_F(Placement, SaysIfOneTransportCannotShowTheDraft) {
  machine.bus.parent = &machine.add("virtio-mmio");
  machine.flag_is_elsewhere = true;
  PlacedPart part = part_at(1000);
  part.transport_of = "ua-disk";
  part.legacy = true;
  EXPECT_THAT(place(part), ::testing::HasSubstr("give 'legacy' to none"));
}

TEST_F(Placement, SaysWhatIsNotThere) {
  PlacedPart part = part_at(1000);
  part.transport_of = "ua-net";
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): the machine has no device 'ua-net'");
  part.transport_of = "ua-disk";
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): device 'ua-disk' is not on a virtio-mmio transport");
  part.transport_of.clear();
  part.type = "arm-gicv3-common";
  part.line = 31;
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): interrupt 31 is not one of a device");
  part.line = 288;
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): this machine's GIC has no interrupt 288");
  machine.gic = false;
  EXPECT_EQ(place(part), "vdev it (b.qvmconf:3:4): the machine has no GIC; 'virt' has one");
}

}  // namespace
}  // namespace qvm::vmhost::placement_test
