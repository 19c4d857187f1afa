// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-net`: a network interface whose peer is one of another VM, a network of this host, or nobody.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <pugixml.hpp>
#include <string>

#include "config/model/network.h"
#include "qvm/base/fnv.h"
#include "vdevs/plan.h"
#include "vdevs/virtio.h"

namespace qvm::vdevs {
namespace {

using config::HostMapEntry;
using Mac = std::array<std::uint8_t, 6>;

constexpr VirtioNumbers kNetworkNumbers{.modern = 0x1041, .transitional = 0x1000};

// The same at every start, so that guests and their networks know the interface again; other on other hosts,
// whose networks may be bridged.
Mac derived_mac(const PlanInput& input) {
  Fnv hash;
  for (const std::string& text :
       {input.host_id, input.vm_name, input.vdev.name ? input.vdev.name->value : input.id}) {
    hash.add(text);
    hash.add('\0');
  }
  Mac mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<std::uint8_t>(hash.value() >> (8 * i));
  mac[0] = static_cast<std::uint8_t>((mac[0] & ~1U) | 2U);  // one's own, of one station
  return mac;
}

std::string mac_of(const PlanInput& input) {
  const config::Argument* given = config::find_argument(input.vdev.options, "mac");
  const auto parsed = given == nullptr ? std::nullopt : config::parse_mac(given->text);
  const Mac mac = parsed.value_or(derived_mac(input));
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4],
                     mac[5]);
}

// The host's side.
struct Side {
  const HostMapEntry* network = nullptr;  // of this host
  std::optional<LinkEnd> link;            // exactly one of the two
  std::string towards;
};

std::optional<Side> side_of(const PlanInput& input, const config::Argument& peer,
                            config::DiagnosticSink& sink) {
  const std::string& path = peer.text;
  const auto refuse = [&](std::string message) -> std::optional<Side> {
    add_finding(sink, config::Severity::error, kDeviceRule, peer.where, std::move(message),
                fmt::format("write 'peer /dev/qvm/SYSTEM/NAME' for an interface of another VM, or say in the "
                            "manifest what stands for it here: 'host-map: {{\"{}\": {{user-mode: true}}}}'",
                            path));
    return std::nullopt;
  };
  const HostMapEntry* mapped = input.find_host_path ? input.find_host_path(path) : nullptr;
  if (mapped != nullptr) {
    const std::string& name = mapped->target.value;
    switch (mapped->kind) {
      case HostMapEntry::Kind::path:
        return refuse(fmt::format("'{}' stands for '{}', and is no network", name, path));
      case HostMapEntry::Kind::network:
        return Side{mapped, {}, fmt::format("network '{}'", name)};
      case HostMapEntry::Kind::bridge:
        return Side{mapped, {}, fmt::format("bridge '{}'", name)};
      case HostMapEntry::Kind::tap:
        return Side{mapped, {}, fmt::format("tap device '{}'", name)};
      case HostMapEntry::Kind::user_mode:
        return Side{mapped, {}, "user-mode network"};
    }
  }
  LinkEnd link;
  link.hub = input.ordinal + 1;
  // Two without a peer are no pair: their links lead nowhere (H04 says what to do).
  if (config::is_host_peer(path)) return Side{nullptr, link, fmt::format("nobody: '{}'", path)};
  const auto other = config::peer_path(path);
  if (!other || other->vm.empty() || other->device.empty())
    return refuse(fmt::format("'{}' is neither an interface of another VM nor a network of the host", path));
  if (input.vdev.name) link.name = input.vdev.name->value;
  link.peer_vm = other->vm;
  link.peer_name = other->device;
  return Side{nullptr, link, fmt::format("VM '{}', interface '{}'", other->vm, other->device)};
}

// What of the host has to be there; nullopt: nothing.
std::optional<HostObject> object_of(const HostMapEntry& network) {
  const auto object = [&](HostObject::Kind kind) {
    return HostObject{kind, network.target.value, network.target.where};
  };
  switch (network.kind) {
    case HostMapEntry::Kind::network:
      return object(HostObject::Kind::network);
    case HostMapEntry::Kind::bridge:
      return object(HostObject::Kind::bridge);
    case HostMapEntry::Kind::tap:
      return object(HostObject::Kind::tap);
    case HostMapEntry::Kind::path:
    case HostMapEntry::Kind::user_mode:
      break;
  }
  return std::nullopt;
}

DomainElement interface_element(const PlanInput& input, const HostMapEntry& network, const std::string& mac) {
  const char* name = network.target.value.c_str();
  pugi::xml_document document;
  pugi::xml_node node = document.append_child("interface");
  pugi::xml_attribute type = node.append_attribute("type");
  node.append_child("mac").append_attribute("address") = mac.c_str();
  switch (network.kind) {
    case HostMapEntry::Kind::path:
      break;  // refused
    case HostMapEntry::Kind::network:
      type = "network";
      node.append_child("source").append_attribute("network") = name;
      break;
    case HostMapEntry::Kind::bridge:
      type = "bridge";
      node.append_child("source").append_attribute("bridge") = name;
      break;
    case HostMapEntry::Kind::tap: {
      type = "ethernet";
      pugi::xml_node target = node.append_child("target");
      target.append_attribute("dev") = name;
      target.append_attribute("managed") = "no";  // it is there, and stays
      break;
    }
    case HostMapEntry::Kind::user_mode:
      type = "user";
      break;
  }
  node.append_child("model").append_attribute("type") = virtio_model(input);
  // Nobody boots from it; one that is not on PCI has none.
  if (!input.vdev.location || input.vdev.location->value.space == config::Location::Space::pci)
    node.append_child("rom").append_attribute("enabled") = "no";
  return virtio_element(input, document);
}

// libvirt has no element for an interface whose link comes later: it is plugged into a hub of QEMU's, and so
// will be the link (qvm/daemon/host/links.h).
void add_linked_device(const PlanInput& input, const LinkEnd& link, const std::string& mac, VdevPlan& plan) {
  plan.qemu.push_back({"-netdev", fmt::format("hubport,id={},hubid={}", input.id, link.hub)});
  plan.qemu.push_back(virtio_argument(input, "virtio-net", fmt::format("netdev={},mac={}", input.id, mac)));
}

VdevPlan plan_virtio_net(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const bool placed = request_virtio(input, kNetworkNumbers, plan, sink);
  const config::Argument* peer = config::find_argument(input.vdev.options, "peer");
  const auto side = peer == nullptr ? std::nullopt : side_of(input, *peer, sink);  // E01 wants a peer
  if (!placed || !side) return plan;
  plan.network = NetworkFact{mac_of(input), side->towards, side->link};
  if (side->network != nullptr) {
    plan.domain.push_back(interface_element(input, *side->network, plan.network->mac));
    if (auto object = object_of(*side->network)) plan.host_objects.push_back(std::move(*object));
  } else {
    add_linked_device(input, *side->link, plan.network->mac, plan);
  }
  return plan;
}

}  // namespace

const ShippedVdev kVirtioNetVdev{"virtio-net", plan_virtio_net};

}  // namespace qvm::vdevs
