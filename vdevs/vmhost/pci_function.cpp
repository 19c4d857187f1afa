// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/pci_function.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"

namespace qvm::vmhost {

namespace {

constexpr std::uint32_t kCommandHigh = 5;  // the upper byte of the command register
constexpr std::uint32_t kInterruptDisable = 1u << 2;
constexpr std::uint32_t kInterruptPin = 0x3d;
constexpr std::uint8_t kIntA = 1;
constexpr std::size_t kHeaderBytes = 64;
using Header = std::array<std::uint8_t, kHeaderBytes>;

// QEMU's callbacks name the device only; its type tells whose it is.
std::map<std::string, PciFunction*, std::less<>>& functions() {
  static auto* const all = new std::map<std::string, PciFunction*, std::less<>>;
  return *all;
}

// Copies memory that may not be there: the kernel looks, and says so instead of ending the process.
class SafeReader {
 public:
  SafeReader() {
    if (auto pipe = make_pipe(O_NONBLOCK)) x_pipe = std::move(*pipe);
  }
  bool usable() const { return static_cast<bool>(x_pipe.write); }
  bool read(const void* from, Header& into) const {
    // Not write(), whose arguments AddressSanitizer looks at first.
    const long put = ::syscall(SYS_write, x_pipe.write.get(), from, into.size());
    if (put <= 0) return false;
    return ::read(x_pipe.read.get(), into.data(), static_cast<std::size_t>(put)) ==
           static_cast<ssize_t>(into.size());
  }

 private:
  Pipe x_pipe;
};

}  // namespace

Result<std::unique_ptr<PciFunction>> PciFunction::create(const QemuApi& qemu, const PciClassLayout& layout,
                                                         const std::string& id, const PciConfig& config) {
  std::unique_ptr<PciFunction> made(new PciFunction(qemu, layout, "qvm-pci-" + id, config));
  functions()[made->x_type] = made.get();
  auto registered = made->register_type();
  if (registered) return made;
  // QEMU may know its address already; the process ends soon.
  [[maybe_unused]] PciFunction* const kept = made.release();
  return tl::unexpected(registered.error());
}

Result<void> PciFunction::register_type() {
  static const std::array<QemuInterface, 2> kInterfaces{{{"conventional-pci-device"}, {nullptr}}};
  QemuTypeInfo info;
  info.name = x_type.c_str();
  info.parent = "pci-device";
  info.class_init = &PciFunction::on_class;
  info.class_data = this;
  info.interfaces = kInterfaces.data();
  x_qemu.type_register_static(&info);
  // Makes the class now, so that a QEMU that reads QemuTypeInfo otherwise is found out here.
  ObjectClass* const klass = x_qemu.object_class_by_name(x_type.c_str());
  if (klass == nullptr || !x_class_made || x_qemu.object_class_dynamic_cast(klass, "pci-device") == nullptr ||
      x_qemu.object_class_dynamic_cast(klass, kInterfaces.front().type) == nullptr) {
    return fail("QEMU " + x_qemu.version_text() + " did not make the device type '" + x_type +
                "' as vmhost described it: a vdev can be no PCI device here; give it a place with 'loc' and "
                "'intr'");
  }
  return {};
}

void PciFunction::on_class(ObjectClass* klass, void* self) {
  auto& function = *static_cast<PciFunction*>(self);
  PciClassPart* const part = function.x_layout.part(klass);
  if (part == nullptr) return;
  part->realize = &PciFunction::on_realize;
  part->exit = &PciFunction::on_exit;
  part->config_write = &PciFunction::on_config_write;
  if (!function.x_config.fixed_space.empty()) part->config_read = &PciFunction::on_config_read;
  part->vendor = function.x_config.vendor;
  part->device = function.x_config.device;
  part->class_code = function.x_config.class_code;
  function.x_class_made = true;
}

PciFunction* PciFunction::find(PciDevice* device) {
  // Every function was made with the one QemuApi of the process.
  const auto& all = functions();
  const auto found = all.find(
      std::string_view(all.begin()->second->x_qemu.object_get_typename(reinterpret_cast<Object*>(device))));
  return found == all.end() ? nullptr : found->second;
}

void PciFunction::on_realize(PciDevice* device, QemuError** error) {
  PciFunction& function = *find(device);
  auto realized = function.realize(device);
  if (realized) return;
  function.x_qemu.error_setg_internal(error, __FILE__, __LINE__, __func__, "%s",
                                      (function.x_type + ": " + realized.error().message()).c_str());
}

Result<void> PciFunction::realize(PciDevice* device) {
  if (x_trap != nullptr || x_device != nullptr)
    return fail("there can be one device of this type, and only from the start");
  if (x_config.length == 0) {
    x_device = device;
    return {};
  }
  QVM_TRY(set_interrupt_pin(device));
  x_trap = QVM_TRY(Trap::create_unplaced(x_qemu, x_type, x_config.length, *this));
  constexpr int kFirstBar = 0;
  constexpr std::uint8_t kMemory32 = 0;
  x_qemu.pci_register_bar(device, kFirstBar, kMemory32, x_trap->region());
  x_device = device;
  return {};
}

// Which pin a function uses is in its configuration space, and there is no call that sets it. So the pointer
// to that space is looked for in the device: the only one to 64 bytes that read as the space does.
Result<void> PciFunction::set_interrupt_pin(PciDevice* device) const {
  Header expected{};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] =
        static_cast<std::uint8_t>(x_qemu.pci_default_read_config(device, static_cast<std::uint32_t>(i), 1));
  }
  const SafeReader reader;
  if (!reader.usable()) return fail_errno("create a pipe");
  std::uint8_t* space = nullptr;
  const std::size_t words = object_bytes(device) / sizeof(void*);
  for (std::size_t i = 0; i < words; ++i) {
    std::uint8_t* candidate = nullptr;
    std::memcpy(&candidate, reinterpret_cast<const char*>(device) + i * sizeof candidate, sizeof candidate);
    Header bytes{};
    if (candidate == nullptr || candidate == space || !reader.read(candidate, bytes) || bytes != expected)
      continue;
    if (space != nullptr) return fail("two places look like the configuration space of the device");
    space = candidate;
  }
  if (space == nullptr) {
    return fail("the configuration space of the device was not found in QEMU " + x_qemu.version_text());
  }
  space[kInterruptPin] = kIntA;
  if (x_qemu.pci_default_read_config(device, kInterruptPin, 1) != kIntA)
    return fail("the interrupt pin of the device cannot be set in QEMU " + x_qemu.version_text());
  return {};
}

void PciFunction::on_exit(PciDevice* device) {
  // Ejected by its guest: QEMU frees the device, and nobody may raise its line any more.
  PciFunction& function = *find(device);
  if (function.x_device == device) function.x_device = nullptr;
}

// Stores go where QEMU keeps the space, which nobody reads but for this: whether the device has other
// functions.
std::uint32_t PciFunction::on_config_read(PciDevice* device, std::uint32_t address, int width) {
  constexpr std::uint32_t kHeaderType = 0x0e;
  constexpr std::uint32_t kSeveralFunctions = 0x80;
  const PciFunction& function = *find(device);
  const std::string& space = function.x_config.fixed_space;
  std::uint32_t value = 0;
  for (int i = 0; i < width; ++i) {
    const std::uint32_t at = address + static_cast<std::uint32_t>(i);
    if (at >= space.size()) break;
    std::uint32_t byte = static_cast<std::uint8_t>(space[at]);
    if (at == kHeaderType)
      byte |= function.x_qemu.pci_default_read_config(device, kHeaderType, 1) & kSeveralFunctions;
    value |= byte << (8 * i);
  }
  return value;
}

void PciFunction::on_config_write(PciDevice* device, std::uint32_t address, std::uint32_t value, int width) {
  // Drivers switch memory on by writing all-ones to the command register, which would switch interrupts off.
  if (address <= kCommandHigh && kCommandHigh < address + static_cast<std::uint32_t>(width)) {
    value &= ~(kInterruptDisable << (8 * (kCommandHigh - address)));
  }
  find(device)->x_qemu.pci_default_write_config(device, address, value, width);
}

void PciFunction::set_line(bool level) {
  if (x_device == nullptr) return;
  // QEMU does nothing for a level that is there already.
  if (level && x_level) x_qemu.pci_set_irq(x_device, 0);
  x_level = level;
  x_qemu.pci_set_irq(x_device, level ? 1 : 0);
}

std::optional<unsigned> PciFunction::routed_line() const {
  if (x_device == nullptr) return std::nullopt;
  const PciInterruptRoute route = x_qemu.pci_device_route_intx_to_irq(x_device, 0);
  constexpr int kEnabled = 0;
  if (route.mode != kEnabled || route.line < 0) return std::nullopt;
  return static_cast<unsigned>(route.line);
}

std::uint64_t PciFunction::read(std::uint64_t offset, unsigned width) {
  return x_handler == nullptr ? ~std::uint64_t{0} : x_handler->read(offset, width);
}

void PciFunction::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  if (x_handler != nullptr) x_handler->write(offset, width, value);
}

}  // namespace qvm::vmhost
