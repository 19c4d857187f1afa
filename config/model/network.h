// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The virtual networks between VMs: who names whom.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/options.h"

namespace qvm::config {

// "/dev/qvm/VM/NAME"; nullopt: the peer is something else, such as a bridge of the host.
struct PeerPath {
  std::string vm;
  std::string device;
};
std::optional<PeerPath> peer_path(std::string_view path);

// "/dev/vdevpeers/vpN": an end of one of a QNX host's own networks.
bool is_host_peer(std::string_view path);

// Six bytes in hexadecimal with colons; nullopt for anything else.
std::optional<std::array<std::uint8_t, 6>> parse_mac(std::string_view text);

// A vdev that is a network interface.
struct Interface {
  const CheckedVm* vm = nullptr;
  const Vdev* vdev = nullptr;
  const Argument* peer = nullptr;   // nullptr: not given
  std::optional<PeerPath> towards;  // of the peer
};

// All interfaces of a set, and which one a path means. Pointers into the VMs.
class Network {
 public:
  explicit Network(std::span<const CheckedVm> vms);

  const std::vector<Interface>& interfaces() const { return x_interfaces; }
  bool has_vm(std::string_view name) const { return x_vms.contains(name); }
  std::vector<std::string_view> vm_names() const;
  // The names of one VM's interfaces.
  std::vector<std::string_view> names_in(std::string_view vm) const;
  // nullptr: there is none of that name.
  const Interface* find(const PeerPath& path) const;

 private:
  struct Named {
    std::map<std::string, std::size_t, std::less<>> interfaces;
  };
  std::vector<Interface> x_interfaces;
  std::map<std::string, Named, std::less<>> x_vms;
};

}  // namespace qvm::config
