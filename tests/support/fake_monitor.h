// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of QEMU's monitor that plugs links into the hubs of a VM: rejects what QEMU rejects.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::test {

class FakeMonitor {
 public:
  // One command of the protocol; descriptor: borrowed, or -1.
  Result<void> execute(const std::string& json, int descriptor);

  // The ends that are plugged into a hub; the monitor's own.
  std::vector<int> ends(unsigned hub) const;
  // Back ends and ports, plugged in or not.
  std::vector<std::string> ids() const;
  // How many commands from now on are executed, until it is as if the caller had died.
  void obey(int commands) { x_obeyed = commands; }

 private:
  struct Port {
    unsigned hub = 0;
    std::string netdev;
  };
  std::map<std::string, UniqueFd> x_descriptors;
  std::map<std::string, UniqueFd> x_back_ends;
  std::map<std::string, Port> x_ports;
  int x_obeyed = -1;  // all
};

}  // namespace qvm::test
