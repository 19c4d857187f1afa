// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/vmhost.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "vdevs/vmhost/extra_memory.h"
#include "vdevs/vmhost/gic_pins.h"
#include "vdevs/vmhost/ioapic_pins.h"
#include "vdevs/vmhost/loader.h"
#include "vdevs/vmhost/log.h"
#include "vdevs/vmhost/machine_pins.h"
#include "vdevs/vmhost/placement.h"

namespace qvm::vmhost {

namespace {

constexpr const char* kGic = "gic";

// QEMU passes its notifier back and nothing else.
struct ExitNotifier : Notifier {
  Vmhost* vmhost = nullptr;
};

ExitNotifier g_exit;

Result<void> check_interrupt(const InterruptPin& interrupt) {
  if (interrupt.controller == kGic) {
    if (interrupt.line >= kFirstSharedInterrupt && interrupt.line < kEndOfSharedInterrupts) return {};
    return fail(fmt::format("interrupt {} is not one of a device; the GIC has {} to {}", interrupt.line,
                            kFirstSharedInterrupt, kEndOfSharedInterrupts - 1));
  }
  if (interrupt.controller != "ioapic" && interrupt.controller != "8259") {
    return fail(
        fmt::format("interrupt controller '{}' is not supported; it must be 'gic', 'ioapic' or '8259'",
                    interrupt.controller));
  }
  if (interrupt.line >= kIoapicPins) {
    return fail(fmt::format("interrupt line {} does not exist; the I/O APIC has 0 to {}", interrupt.line,
                            kIoapicPins - 1));
  }
  return {};
}

Result<void> check_present(const PciFunction& function) {
  if (function.present()) return {};
  return fail(fmt::format("the machine has no device '{0}'; start QEMU with '-device {0}' as well",
                          function.type_name()));
}

bool overlap(const AddressRange& a, const AddressRange& b) {
  return a.address < b.address + b.length && b.address < a.address + a.length;
}

}  // namespace

Result<std::unique_ptr<Vmhost>> Vmhost::load(const std::string& config_path) {
  auto qemu = QVM_TRY(QemuApi::resolve_in_process());
  auto config = QVM_TRY(read_config(config_path));
  std::unique_ptr<Vmhost> vmhost(new Vmhost(qemu, std::move(config)));
  QVM_TRY(vmhost->load_vdevs());
  auto made = vmhost->make_pci_functions();
  if (!made) {
    // QEMU may know addresses in it; the process ends soon.
    [[maybe_unused]] Vmhost* const kept = vmhost.release();
    return tl::unexpected(made.error());
  }
  return vmhost;
}

Result<void> Vmhost::load_vdevs() {
  for (const VdevConfig& vdev : x_config.vdevs) {
    auto descriptor = load_vdev(vdev.object, vdev.type);
    if (!descriptor) return fail_from(std::move(descriptor), vdev.title());
    x_vdevs.push_back(std::make_unique<VdevHost>(x_config.vm, vdev, **descriptor));
  }
  return {};
}

// layout: found once for all of them.
Result<std::unique_ptr<PciFunction>> Vmhost::make_pci_function(std::optional<PciClassLayout>& layout,
                                                               const std::string& id,
                                                               const PciConfig& config) {
  if (const char* missing = x_qemu.missing_for_pci(); missing != nullptr) {
    return fail(fmt::format("QEMU {} has no function '{}', without which a vdev can be no PCI device",
                            x_qemu.version_text(), missing));
  }
  if (!layout) {
    layout = QVM_TRY(PciClassLayout::find(x_qemu));
  }
  return PciFunction::create(x_qemu, *layout, id, config);
}

Result<void> Vmhost::make_pci_functions() {
  std::optional<PciClassLayout> layout;
  for (std::size_t i = 0; i < x_config.vdevs.size(); ++i) {
    const VdevConfig& vdev = x_config.vdevs[i];
    if (!vdev.pci) continue;
    auto function = make_pci_function(layout, vdev.id, *vdev.pci);
    if (!function) return fail_from(std::move(function), vdev.title());
    x_functions[i] = std::move(*function);
  }
  for (const FixedFunction& fixed : x_config.extras.pci_functions) {
    auto function = make_pci_function(layout, fixed.id, fixed.config);
    if (!function) return fail_from(std::move(function), fixed.title());
    x_fixed_functions.push_back(std::move(*function));
  }
  return {};
}

Result<void> Vmhost::check_fixed_functions() const {
  for (std::size_t i = 0; i < x_fixed_functions.size(); ++i) {
    auto present = check_present(*x_fixed_functions[i]);
    if (!present) return fail_from(std::move(present), x_config.extras.pci_functions[i].title());
  }
  return {};
}

Result<void> Vmhost::start() {
  for (const auto check :
       {&Vmhost::check_addresses, &Vmhost::check_machine, &Vmhost::check_fixed_functions}) {
    QVM_TRY((this->*check)());
  }
  QVM_TRY(place_parts(x_qemu, x_config.placed));
  QVM_TRY(add_extra_memory(x_qemu, x_config.extras));
  QVM_TRY(make_services());

  g_exit.notify = &Vmhost::on_exit;
  g_exit.vmhost = this;
  x_qemu.qemu_add_exit_notifier(&g_exit);
  QVM_TRY(bring_up());
  x_qemu.qemu_register_reset(&Vmhost::on_reset, this);
  if (!x_vdevs.empty() || !x_config.extras.empty()) {
    QVM_TRY(x_qemu.block_migration("qvm: the vdevs of this VM cannot be saved"));
  }
  return x_events->start();
}

Result<void> Vmhost::check_addresses() const {
  for (const VdevConfig& vdev : x_config.vdevs) {
    for (const VdevConfig& other : x_config.vdevs) {
      if (!vdev.loc || !other.window || !overlap(vdev.loc->range, *other.window)) continue;
      return fail(fmt::format("{}: its 'loc' {:#x} lies in the region window {:#x},{:#x}", vdev.title(),
                              vdev.loc->range.address, other.window->address, other.window->length));
    }
  }
  return {};
}

Result<void> Vmhost::check_machine() const {
  QVM_TRY(x_qemu.check_accelerator());
  const auto user = std::find_if(x_config.vdevs.begin(), x_config.vdevs.end(),
                                 [](const VdevConfig& vdev) { return vdev.window.has_value(); });
  if (user == x_config.vdevs.end()) return {};
  auto shared = x_qemu.check_shared_memory();
  if (!shared) return fail_from(std::move(shared), user->title());
  return {};
}

Result<void> Vmhost::make_services() {
  CallbackLock lock;
  lock.thread_begin = [this] { x_qemu.rcu_register_thread(); };
  if (callbacks_need_lock()) {
    lock.lock = [this] { x_qemu.lock(); };
    lock.unlock = [this] { x_qemu.unlock(); };
  }
  x_events = QVM_TRY(EventThread::create(std::move(lock)));

  const auto user = std::find_if(x_config.vdevs.begin(), x_config.vdevs.end(),
                                 [](const VdevConfig& vdev) { return vdev.interrupt || vdev.pci; });
  if (user == x_config.vdevs.end()) return {};
  auto pins = make_pins();
  if (!pins) return fail_from(std::move(pins), user->title());
  x_lines = std::make_unique<Lines>(std::move(*pins), [this](std::chrono::nanoseconds delay, auto task) {
    x_events->start_timer(delay, std::move(task));
  });
  return {};
}

bool Vmhost::has_gic() const {
  return std::any_of(x_config.vdevs.begin(), x_config.vdevs.end(), [](const VdevConfig& vdev) {
    return vdev.interrupt && vdev.interrupt->controller == kGic;
  });
}

Result<std::unique_ptr<PinDriver>> Vmhost::make_pins() {
  if (has_gic()) return QVM_TRY(GicPins::create(x_qemu));
  auto ioapic = QVM_TRY(IoapicPins::create(x_qemu));
  std::vector<PciFunction*> functions;
  for (const auto& [index, function] : x_functions) functions.push_back(function.get());
  return std::make_unique<MachinePins>(std::move(ioapic), std::move(functions));
}

Result<RegionWindow*> Vmhost::window_for(const VdevConfig& vdev) {
  if (!vdev.window) return nullptr;
  for (const auto& window : x_windows) {
    if (window->range() == *vdev.window) return window.get();
    if (overlap(window->range(), *vdev.window)) {
      return fail(fmt::format("its window {:#x},{:#x} overlaps another vdev's without being the same",
                              vdev.window->address, vdev.window->length));
    }
  }
  auto window = QVM_TRY(RegionWindow::create(x_qemu, *vdev.window));
  x_windows.push_back(std::move(window));
  return x_windows.back().get();
}

Result<VdevPlace> Vmhost::place_for(std::size_t index) {
  const VdevConfig& vdev = x_config.vdevs[index];
  VdevPlace place;
  if (vdev.interrupt) {
    QVM_TRY(check_interrupt(*vdev.interrupt));
    place.pin = vdev.interrupt->line;
  }
  if (const auto function = x_functions.find(index); function != x_functions.end()) {
    place.pci = function->second.get();
    QVM_TRY(check_present(*place.pci));
    place.pin = MachinePins::pci_pin(static_cast<std::size_t>(std::distance(x_functions.begin(), function)));
  }
  place.window = QVM_TRY(window_for(vdev));
  return place;
}

Result<void> Vmhost::bring_up() {
  for (std::size_t i = 0; i < x_vdevs.size(); ++i) {
    const VdevConfig& vdev = x_config.vdevs[i];
    auto place = place_for(i);
    if (!place) return fail_from(std::move(place), vdev.title());
    auto created = x_vdevs[i]->create({&x_qemu, x_events.get(), x_lines.get()}, *place);
    if (!created) return fail_from(std::move(created), vdev.title());
  }
  for (std::size_t i = 0; i < x_vdevs.size(); ++i) {
    auto started = x_vdevs[i]->start();
    if (!started) return fail_from(std::move(started), x_config.vdevs[i].title());
  }
  return {};
}

void Vmhost::reset() {
  for (const auto& vdev : x_vdevs) vdev->reset();
}

void Vmhost::end() {
  // Where callbacks need QEMU's lock, which we hold, none is running and the thread may be waiting for it;
  // where they do not, waiting for the last one is short.
  x_events->halt(callbacks_need_lock() ? EventThread::Wait::no : EventThread::Wait::yes);
  for (auto vdev = x_vdevs.rbegin(); vdev != x_vdevs.rend(); ++vdev) (*vdev)->end();
}

void Vmhost::on_reset(void* self) {
  static_cast<Vmhost*>(self)->reset();
}

void Vmhost::on_exit(Notifier* notifier, void*) {
  static_cast<ExitNotifier*>(notifier)->vmhost->end();
}

}  // namespace qvm::vmhost
