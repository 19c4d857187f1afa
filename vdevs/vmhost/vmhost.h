// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The vdevs of one VM, from QEMU loading the plugin to the end of the process.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "vdevs/vmhost/config.h"
#include "vdevs/vmhost/event_thread.h"
#include "vdevs/vmhost/lines.h"
#include "vdevs/vmhost/pci_function.h"
#include "vdevs/vmhost/qemu_api.h"
#include "vdevs/vmhost/region_window.h"
#include "vdevs/vmhost/vdev_host.h"

namespace qvm::vmhost {

// One per process, never destroyed: QEMU keeps its address. All members run in QEMU's main thread, lock held.
class Vmhost {
 public:
  // Reads the configuration and loads the vdevs' objects; the machine need not exist. The failure names the
  // vdev.
  static Result<std::unique_ptr<Vmhost>> load(const std::string& config_path);

  // The machine is made: brings up every vdev, in order. After a failure, which names the vdev, nothing runs.
  Result<void> start();

  const QemuApi& qemu() const { return x_qemu; }

 private:
  Vmhost(const QemuApi& qemu, Config config) : x_qemu(qemu), x_config(std::move(config)) {}
  Result<void> load_vdevs();
  Result<void> make_pci_functions();
  Result<std::unique_ptr<PciFunction>> make_pci_function(std::optional<PciClassLayout>& layout,
                                                         const std::string& id, const PciConfig& config);
  Result<void> check_fixed_functions() const;
  Result<void> check_addresses() const;
  Result<void> check_machine() const;
  Result<void> make_services();
  Result<RegionWindow*> window_for(const VdevConfig& vdev);
  Result<VdevPlace> place_for(std::size_t index);
  bool has_gic() const;
  Result<std::unique_ptr<PinDriver>> make_pins();
  bool callbacks_need_lock() const {
    return !x_qemu.in_kernel_irqchip() || !x_functions.empty() || has_gic();
  }
  Result<void> bring_up();
  void reset();
  void end();
  static void on_reset(void* self);
  static void on_exit(Notifier* notifier, void* data);

  const QemuApi x_qemu;
  const Config x_config;
  std::unique_ptr<EventThread> x_events;
  std::unique_ptr<Lines> x_lines;
  std::vector<std::unique_ptr<RegionWindow>> x_windows;
  std::map<std::size_t, std::unique_ptr<PciFunction>> x_functions;  // by the vdev's index
  std::vector<std::unique_ptr<PciFunction>> x_fixed_functions;      // as in the configuration
  std::vector<std::unique_ptr<VdevHost>> x_vdevs;
};

}  // namespace qvm::vmhost
