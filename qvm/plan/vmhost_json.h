// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vmhost.json: what the plugin host in the VM's process is told. Written by the plan, read by
// libqvm-vmhost.so.
//
//   {"version": 1, "vm": NAME, "vdevs": [
//     {"id": "shmem0",               unique within the VM
//      "type": "shmem", "name": "",  as configured
//      "object": PATH,               absolute path of the plugin
//      "place": "left.qvmconf:12:6", for messages
//      "loc": {"space": "memory"|"io", "address": N, "length": N},           absent: the vdev has none
//      "interrupt": {"controller": TYPE, "line": N},                         the first; absent: none
//      "interrupts": [{"controller": TYPE, "line": N}, …],                   all, only if there are several
//      "window": {"address": N, "length": N},                                room for regions; absent: none
//      "region_socket": PATH,                                                absent: it uses no regions
//      "options": [{"name": TEXT, "place": TEXT, "args": [                  in configuration order
//        {"text": TEXT, "value": N|true|false, "place": TEXT}, …]}, …]}]}   value: absent, it is a text
//   "placed": [                      devices of the machine's own that are to be elsewhere; absent: none
//     {"title": "vdev pl011-0", "place": TEXT,
//      "type": QEMU-TYPE | "serial": CHARDEV-ID | "transport_of": QEMU-ID,   which one, see vdevs::Placement
//      "legacy": true,                                              a transport shows virtio's 0.9.5 draft
//      "addresses": [N, …], "line": N}]                             line: absent, it stays as it is wired
//    …}                            see qvm/plan/machine_extras.h
//
// Only vdevs that a plugin emulates are in "vdevs". Numbers are not negative. Who may use which region is not
// in it: that is between the daemon and the region manager.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/source.h"
#include "config/vm_config.h"
#include "qvm/plan/machine_extras.h"
#include "vdevs/plan.h"

namespace qvm::plan {

struct HostedVdev {
  struct Interrupt {
    std::string controller;
    std::uint32_t line = 0;
  };
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
  };
  std::string id;
  std::string type;
  std::string name;
  std::string object;
  std::string place;
  std::optional<config::Location::Space> space;
  Range location;  // meaningful if there is a space
  std::vector<Interrupt> interrupts;
  std::optional<vdevs::PciRequest> pci;  // then no space and no interrupts
  std::optional<Range> window;
  std::string region_socket;
  std::vector<config::Option> options;
};

// A device of the machine's own that a vdev is, and that is moved.
struct PlacedPart {
  std::string title;  // "vdev pl011-0"
  std::string place;  // of the configuration
  vdevs::Placement placement;
};

// Empty if there is nothing to say. Texts that are not UTF-8 are written with replacement characters.
std::string build_vmhost_json(const std::string& vm, const std::vector<HostedVdev>& vdevs,
                              const std::vector<PlacedPart>& placed, const MachineExtras& extras,
                              const config::SourceSet& sources);

}  // namespace qvm::plan
