// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/links.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <system_error>

namespace qvm::daemon {
namespace {

using Json = nlohmann::json;

// QEMU's plan has the interface in a hub (vdevs/virtio-net/plan.cpp). An end becomes a network back end of
// QEMU's and a port of the hub. There are two sets of names for them: the new end comes before the old one
// goes, because a hub without another port holds its sender up and nothing wakes it again.
class Socket {
 public:
  Socket(host::Hypervisor& hypervisor, const std::string& domain, const plan::NetworkInterface& network)
      : x_hypervisor(hypervisor), x_domain(domain), x_network(network) {}

  Result<void> plug_in(int end) const {
    constexpr const char* kNames[] = {"a", "b"};
    if (auto given = run("getfd", {{"fdname", descriptor()}}, end); !given) return given;
    auto added = add(kNames[0]);
    const bool first = added.has_value();
    if (!first) {
      // It is in use, or left behind by a daemon that was killed between the steps.
      remove(kNames[1]);
      added = add(kNames[1]);
    }
    if (!added) {
      (void)run("closefd", {{"fdname", descriptor()}});
      return added;
    }
    remove(kNames[first ? 1 : 0]);
    return {};
  }

 private:
  Result<void> run(const char* command, const Json& arguments, int descriptor = -1) const {
    return x_hypervisor.command(x_domain, Json{{"execute", command}, {"arguments", arguments}}.dump(),
                                descriptor);
  }
  std::string descriptor() const { return x_network.vdev + "-end"; }
  std::string back_end(const char* name) const { return fmt::format("{}-link-{}", x_network.vdev, name); }
  std::string port(const char* name) const { return fmt::format("{}-port-{}", x_network.vdev, name); }

  Result<void> add(const char* name) const {
    if (auto made = run(
            "netdev_add",
            {{"type", "dgram"}, {"id", back_end(name)}, {"local", {{"type", "fd"}, {"str", descriptor()}}}});
        !made) {
      return made;
    }
    auto plugged = run("netdev_add", {{"type", "hubport"},
                                      {"id", port(name)},
                                      {"hubid", x_network.link->hub},
                                      {"netdev", back_end(name)}});
    if (!plugged) remove(name);
    return plugged;
  }

  // Nothing, if it is not there.
  void remove(const char* name) const {
    (void)run("netdev_del", {{"id", port(name)}});
    (void)run("netdev_del", {{"id", back_end(name)}});
  }

  host::Hypervisor& x_hypervisor;
  const std::string& x_domain;
  const plan::NetworkInterface& x_network;
};

}  // namespace

const plan::NetworkInterface* linked_interface(const plan::VmPlan& vm, const plan::NetworkInterface& network,
                                               const plan::VmPlan& other) {
  if (!network.link || network.link->name.empty() || network.link->peer_vm != other.name) return nullptr;
  for (const plan::NetworkInterface& one : other.networks) {
    if (one.link && one.link->name == network.link->peer_name && one.link->peer_vm == vm.name &&
        one.link->peer_name == network.link->name) {
      return &one;
    }
  }
  return nullptr;
}

Result<void> plug_in(host::Hypervisor& hypervisor, const std::string& domain,
                     const std::vector<PluggedEnd>& ends) {
  for (const PluggedEnd& end : ends) {
    auto plugged = Socket(hypervisor, domain, end.interface).plug_in(end.fd.get());
    if (!plugged) return fail_from(std::move(plugged), fmt::format("link of vdev {}", end.interface.vdev));
  }
  return {};
}

}  // namespace qvm::daemon
