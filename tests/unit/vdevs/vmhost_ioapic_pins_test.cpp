// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Which of QEMU's functions raise a pin, and when a pin needs to be raised again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "vdevs/vmhost/ioapic_pins.h"

namespace qvm::vmhost::ioapic_pins_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kRemoteIrr = 1u << 14;
constexpr std::uint32_t kLevel = 1u << 15;
constexpr std::uint32_t kMasked = 1u << 16;

// A machine with an I/O APIC and an ISA bus, behind functions of QEMU's names.
struct FakeMachine {
  bool kvm_allowed = false;
  bool kernel_irqchip = false;
  bool split_irqchip = false;
  bool two_ioapics = false;
  bool ioapic = true;
  const char* odd_type = nullptr;
  std::uint32_t select = 0x12;  // what the guest left there
  std::uint32_t entry = kMasked;
  std::vector<std::string> calls;
};
FakeMachine* g_machine = nullptr;

QemuVersionTriple g_version{7, 2, 22};
QemuVersionInfo g_info{&g_version, nullptr};
int g_objects[4];
KvmState* g_kvm_state = nullptr;

template <class T>
T* object(int i) {
  return reinterpret_cast<T*>(&g_objects[i]);
}

QemuVersionInfo* query_version(QemuError**) {
  return &g_info;
}
Object* resolve_path_type(const char*, const char* type, bool* ambiguous) {
  if (std::string(type) == "ISA") return object<Object>(1);
  *ambiguous = g_machine->two_ioapics;
  return g_machine->ioapic && !g_machine->two_ioapics ? object<Object>(0) : nullptr;
}
const char* typename_of(const Object*) {
  if (g_machine->odd_type != nullptr) return g_machine->odd_type;
  return g_machine->kernel_irqchip && !g_machine->split_irqchip ? "kvm-ioapic" : "ioapic";
}
IrqState* gpio_in(Object*, int) {
  return object<IrqState>(2);
}
IrqState* isa_irq(Object*, unsigned) {
  return object<IrqState>(3);
}
void set_irq(IrqState* irq, int level) {
  g_machine->calls.push_back(std::string(irq == object<IrqState>(3) ? "isa" : "ioapic") +
                             (level != 0 ? "+" : "-"));
}
int kvm_set(KvmState*, int gsi, int level) {
  g_machine->calls.push_back("kvm" + std::to_string(gsi) + (level != 0 ? "+" : "-"));
  return 1;
}
void memory_rw(std::uint64_t address, void* data, std::uint64_t, bool write) {
  if (address == 0xfec00000) {
    if (write) {
      std::memcpy(&g_machine->select, data, 4);
    } else {
      std::memcpy(data, &g_machine->select, 4);
    }
  } else if (address == 0xfec00010 && !write) {
    const std::uint32_t value = g_machine->select == 0x10 + 2 * 10 ? g_machine->entry : 0;
    std::memcpy(data, &value, 4);
  }
}

void* lookup(const char* name) {
  const std::string_view wanted(name);
  if (wanted == "qmp_query_version") return reinterpret_cast<void*>(&query_version);
  if (wanted == "object_resolve_path_type") return reinterpret_cast<void*>(&resolve_path_type);
  if (wanted == "object_get_typename") return reinterpret_cast<void*>(&typename_of);
  if (wanted == "qdev_get_gpio_in") return reinterpret_cast<void*>(&gpio_in);
  if (wanted == "isa_get_irq") return reinterpret_cast<void*>(&isa_irq);
  if (wanted == "qemu_set_irq") return reinterpret_cast<void*>(&set_irq);
  if (wanted == "kvm_set_irq") return reinterpret_cast<void*>(&kvm_set);
  if (wanted == "cpu_physical_memory_rw") return reinterpret_cast<void*>(&memory_rw);
  if (wanted == "kvm_allowed") return &g_machine->kvm_allowed;
  if (wanted == "kvm_kernel_irqchip") return &g_machine->kernel_irqchip;
  if (wanted == "kvm_split_irqchip") return &g_machine->split_irqchip;
  if (wanted == "kvm_state") return &g_kvm_state;
  return &g_objects[0];  // not called here
}

struct IoapicPinsTest : ::testing::Test {
  void SetUp() override {
    g_machine = &machine;
    g_kvm_state = object<KvmState>(0);
  }
  void boot() {
    qemu = QemuApi::resolve(&lookup).value();
    pins = IoapicPins::create(qemu).value();
  }
  void boot_split() {
    machine.kvm_allowed = machine.kernel_irqchip = machine.split_irqchip = true;
    boot();
  }

  FakeMachine machine;
  QemuApi qemu;
  std::unique_ptr<IoapicPins> pins;
};

TEST_F(IoapicPinsTest, UsesTheIsaLineBelowSixteenAndTheIoapicAbove) {
  boot();
  pins->set(15, true);
  pins->set(16, true);
  EXPECT_THAT(machine.calls, ElementsAre("isa+", "ioapic+"));
}

TEST_F(IoapicPinsTest, UsesTheKernelUnderAnInKernelIrqchip) {
  machine.kvm_allowed = machine.kernel_irqchip = true;
  boot();
  pins->set(10, true);
  pins->set(20, false);
  EXPECT_THAT(machine.calls, ElementsAre("kvm10+", "kvm20-"));
  EXPECT_FALSE(pins->can_miss());
}

TEST_F(IoapicPinsTest, CanMissInUserspace) {
  boot();
  EXPECT_TRUE(pins->can_miss());
}

struct Entry {
  std::uint32_t bits;
  bool missed;
};

TEST_F(IoapicPinsTest, MissesAnUnmaskedLevelPinThatIsNotInService) {
  boot();
  for (const Entry& entry : {Entry{kLevel, true}, Entry{kLevel | kMasked, false},
                             Entry{kLevel | kRemoteIrr, false}, Entry{0, false}, Entry{kMasked, false}}) {
    machine.entry = entry.bits | 0x41;
    EXPECT_EQ(pins->missed(10), entry.missed) << std::hex << entry.bits;
    EXPECT_EQ(machine.select, 0x12u) << "the guest must find its index as it left it";
  }
}

TEST_F(IoapicPinsTest, RaisesMaskedLevelPinsWithoutKvm) {
  machine.entry = kLevel | kMasked;
  boot();
  pins->set(10, true);
  EXPECT_THAT(machine.calls, ElementsAre("isa+"));
}

TEST_F(IoapicPinsTest, HoldsMaskedLevelPinsBackWithASplitIrqchip) {
  boot_split();
  machine.entry = kLevel | kMasked;
  pins->set(10, true);
  EXPECT_THAT(machine.calls, IsEmpty());
  machine.entry = kLevel;
  EXPECT_TRUE(pins->missed(10));
  pins->set(10, true);
  EXPECT_THAT(machine.calls, ElementsAre("isa+"));
}

TEST_F(IoapicPinsTest, RaisesEdgePinsAndLowersAnyWithASplitIrqchip) {
  boot_split();
  machine.entry = kMasked;
  pins->set(10, true);
  machine.entry = kLevel | kMasked;
  pins->set(10, false);
  EXPECT_THAT(machine.calls, ElementsAre("isa+", "isa-"));
}

TEST_F(IoapicPinsTest, RefusesAMachineWithoutOrWithSeveralIoapics) {
  qemu = QemuApi::resolve(&lookup).value();
  machine.ioapic = false;
  EXPECT_EQ(IoapicPins::create(qemu).error().message(),
            "the machine has no I/O APIC; 'pc' and 'q35' have one");
  machine.two_ioapics = true;
  EXPECT_EQ(IoapicPins::create(qemu).error().message(),
            "the machine has more than one I/O APIC; 'pc' and 'q35' have one");
}

TEST_F(IoapicPinsTest, RefusesAKindThatItDoesNotKnow) {
  qemu = QemuApi::resolve(&lookup).value();
  machine.odd_type = "rust-ioapic";
  EXPECT_EQ(
      IoapicPins::create(qemu).error().message(),
      "QEMU 7.2.22 has an I/O APIC ('rust-ioapic') of a kind that vmhost does not know; use a QEMU that "
      "was built with modules, of a version that was tried (7.2, 10.0, 11.1)");
}

TEST_F(IoapicPinsTest, RefusesOneOfQemusWhereTheFlagsSayTheKernels) {
  machine.kvm_allowed = machine.kernel_irqchip = true;
  qemu = QemuApi::resolve(&lookup).value();
  machine.odd_type = "ioapic";
  EXPECT_FALSE(IoapicPins::create(qemu));
}

}  // namespace
}  // namespace qvm::vmhost::ioapic_pins_test
