// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One configured vdev inside vmhost: its descriptor's life cycle and the services it may call.
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "vdevs/abi/qvm_vdev.h"
#include "vdevs/vmhost/config.h"
#include "vdevs/vmhost/event_thread.h"
#include "vdevs/vmhost/lines.h"
#include "vdevs/vmhost/pci_function.h"
#include "vdevs/vmhost/region_window.h"
#include "vdevs/vmhost/traps.h"

namespace qvm::vmhost {

// What all vdevs of a VM share; all outlive the vdevs. Null where the VM has no use for one.
struct SharedServices {
  const QemuApi* qemu = nullptr;
  EventThread* events = nullptr;
  Lines* lines = nullptr;
};

// Where one vdev is in its machine. Null: it has no such thing.
struct VdevPlace {
  RegionWindow* window = nullptr;
  PciFunction* pci = nullptr;
  std::optional<unsigned> pin;  // of the lines
};

// Not movable: the vdev holds its address. Threads: as qvm_vdev.h says for each callback and service.
class VdevHost {
 public:
  // config and vm are borrowed for the life of this object; descriptor as load_vdev returned it.
  VdevHost(const std::string& vm, const VdevConfig& config, const qvm_vdev_descriptor& descriptor);
  ~VdevHost();
  VdevHost(const VdevHost&) = delete;
  VdevHost& operator=(const VdevHost&) = delete;

  // Fails with the vdev's own reason.
  Result<void> create(const SharedServices& shared, const VdevPlace& place);
  Result<void> start();
  void reset();
  // Stops and destroys what was created; does nothing a second time.
  void end();

 private:
  friend struct VdevServices;  // the functions behind qvm_vdev_host
  class AbiTrap;
  static constexpr std::size_t kErrorBytes = 512;
  std::string reason(std::array<char, kErrorBytes>& error, const char* without) const;

  const VdevConfig& x_config;
  const qvm_vdev_descriptor& x_descriptor;
  qvm_vdev_identity x_identity{};
  SharedServices x_shared;
  VdevPlace x_place;
  std::unique_ptr<Lines::Source> x_line;
  std::list<std::unique_ptr<AbiTrap>> x_traps;  // for the life of the process
  struct Mapping {
    std::unique_ptr<AbiTrap> control;
    std::unique_ptr<AbiTrap> stores;  // of a read-only one
  };
  std::map<std::uint64_t, Mapping> x_mappings;  // by the control page's address; QEMU's lock
  std::vector<std::unique_ptr<Trap>> x_regions;
  std::string x_trap_failure;
  void* x_device = nullptr;
  bool x_created = false;
};

}  // namespace qvm::vmhost
