// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/model/network.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kMac;

namespace {

using Mac = std::array<std::uint8_t, 6>;

constexpr unsigned kGroup = 1;
constexpr unsigned kLocal = 2;

std::string written_as(Mac mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4],
                     mac[5]);
}

void check_bits(const Argument& argument, Mac mac, DiagnosticSink& sink) {
  if (mac == Mac{}) {
    sink.add(finding(kMac, argument.where, Severity::error, "the address is all zeros",
                     "give the interface one of its own"));
  } else if ((mac[0] & kGroup) != 0) {
    mac[0] = static_cast<std::uint8_t>((mac[0] & ~kGroup) | kLocal);
    sink.add(finding(kMac, argument.where, Severity::error,
                     fmt::format("'{}' is an address of a group", argument.text),
                     fmt::format("the first byte must be even: '{}'", written_as(mac))));
  } else if ((mac[0] & kLocal) == 0) {
    mac[0] = static_cast<std::uint8_t>(mac[0] | kLocal);
    sink.add(finding(kMac, argument.where, Severity::info,
                     fmt::format("'{}' may belong to a real device", argument.text),
                     fmt::format("addresses of one's own have the second bit set in their first byte: '{}'",
                                 written_as(mac))));
  }
}

void check_e03(const RuleInput& input, DiagnosticSink& sink) {
  std::map<Mac, Interface> seen;
  const Network network(input.vms);
  for (const Interface& one : network.interfaces()) {
    const Argument* argument = find_argument(one.vdev->options, "mac");
    if (argument == nullptr || argument->text.empty()) continue;
    const auto mac = parse_mac(argument->text);
    if (!mac) continue;  // A20
    check_bits(*argument, *mac, sink);
    const auto [place, fresh] = seen.try_emplace(*mac, one);
    if (fresh) continue;
    const Argument* other = find_argument(place->second.vdev->options, "mac");
    Diagnostic diagnostic =
        finding(kMac, argument->where, fmt::format("MAC address '{}' is used twice", argument->text),
                "give each interface of the system an address of its own");
    diagnostic.severity = Severity::warning;
    diagnostic.notes.push_back({other->where, fmt::format("in VM '{}' already", place->second.vm->name)});
    sink.add(std::move(diagnostic));
  }
}

}  // namespace

const Rule kMac{
    .id = "E03",
    .severity = Severity::error,
    .title = "MAC address of a group, or used twice",
    .documentation =
        "Two interfaces with one address do not reach each other, nor anybody behind a common bridge. The "
        "lowest bit of the first byte marks groups, the next one (an info if it is clear) addresses that "
        "no manufacturer gave away.",
    .wrong = {"system left\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp0 mac 03:00:00:00:00:01\n",
              "system right\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp1 mac 02:00:00:00:00:01\n"},
    .right = {"system left\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp0 mac 02:00:00:00:00:01\n",
              "system right\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp1 mac 02:00:00:00:00:02\n"},
    .check = check_e03};

}  // namespace qvm::config
