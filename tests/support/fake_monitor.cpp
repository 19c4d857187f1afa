// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/fake_monitor.h"

#include <nlohmann/json.hpp>

namespace qvm::test {

Result<void> FakeMonitor::execute(const std::string& json, int descriptor) {
  if (x_obeyed == 0) return fail("nobody answers");
  if (x_obeyed > 0) --x_obeyed;
  const auto request = nlohmann::json::parse(json);
  const std::string command = request.at("execute");
  const auto& arguments = request.at("arguments");
  if (command == "getfd") {
    x_descriptors[arguments.at("fdname")].reset(::dup(descriptor));
    return {};
  }
  if (command == "closefd")
    return x_descriptors.erase(arguments.at("fdname")) == 1 ? Result<void>() : fail("no such descriptor");
  const std::string id = arguments.at("id");
  if (command == "netdev_del") {
    return x_ports.erase(id) + x_back_ends.erase(id) == 1 ? Result<void>() : fail("not found");
  }
  if (command != "netdev_add") return fail("unknown command");
  if (x_ports.contains(id) || x_back_ends.contains(id)) return fail("Duplicate ID");
  if (arguments.at("type") == "hubport") {
    const std::string netdev = arguments.at("netdev");
    if (!x_back_ends.contains(netdev)) return fail("no such netdev");
    x_ports[id] = {arguments.at("hubid"), netdev};
    return {};
  }
  const auto found = x_descriptors.find(arguments.at("local").at("str"));
  if (arguments.at("type") != "dgram" || found == x_descriptors.end()) return fail("no such descriptor");
  x_back_ends[id] = std::move(found->second);
  x_descriptors.erase(found);
  return {};
}

std::vector<int> FakeMonitor::ends(unsigned hub) const {
  std::vector<int> found;
  for (const auto& [id, port] : x_ports) {
    if (port.hub == hub && x_back_ends.contains(port.netdev))
      found.push_back(x_back_ends.at(port.netdev).get());
  }
  return found;
}

std::vector<std::string> FakeMonitor::ids() const {
  std::vector<std::string> found;
  for (const auto& [id, fd] : x_back_ends) found.push_back(id);
  for (const auto& [id, port] : x_ports) found.push_back(id);
  return found;
}

}  // namespace qvm::test
