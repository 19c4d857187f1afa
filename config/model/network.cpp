// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/network.h"

namespace qvm::config {
namespace {

constexpr std::string_view kVms = "/dev/qvm/";

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<PeerPath> peer_path(std::string_view path) {
  if (!path.starts_with(kVms)) return std::nullopt;
  path.remove_prefix(kVms.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return PeerPath{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

bool is_host_peer(std::string_view path) {
  return path.starts_with("/dev/vdevpeers/");
}

std::optional<std::array<std::uint8_t, 6>> parse_mac(std::string_view text) {
  constexpr std::size_t kLength = 17;
  std::array<std::uint8_t, 6> mac{};
  if (text.size() != kLength) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const int high = hexadecimal(text[i * 3]);
    const int low = hexadecimal(text[i * 3 + 1]);
    if (high < 0 || low < 0 || (i != 5 && text[i * 3 + 2] != ':')) return std::nullopt;
    mac[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return mac;
}

Network::Network(std::span<const CheckedVm> vms) {
  for (const CheckedVm& vm : vms) {
    Named& named = x_vms[vm.name];
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type != "virtio-net") continue;
      Interface one{&vm, &vdev, find_argument(vdev.options, "peer"), {}};
      if (one.peer != nullptr) one.towards = peer_path(one.peer->text);
      if (vdev.name) named.interfaces.try_emplace(vdev.name->value, x_interfaces.size());
      x_interfaces.push_back(std::move(one));
    }
  }
}

std::vector<std::string_view> Network::vm_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, named] : x_vms) names.push_back(name);
  return names;
}

std::vector<std::string_view> Network::names_in(std::string_view vm) const {
  std::vector<std::string_view> names;
  const auto found = x_vms.find(vm);
  if (found == x_vms.end()) return names;
  for (const auto& [name, index] : found->second.interfaces) names.push_back(name);
  return names;
}

const Interface* Network::find(const PeerPath& path) const {
  const auto vm = x_vms.find(path.vm);
  if (vm == x_vms.end()) return nullptr;
  const auto found = vm->second.interfaces.find(path.device);
  return found == vm->second.interfaces.end() ? nullptr : &x_interfaces[found->second];
}

}  // namespace qvm::config
