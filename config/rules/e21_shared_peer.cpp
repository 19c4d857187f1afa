// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/model/network.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedPeer;

namespace {

void check_e21(const RuleInput& input, DiagnosticSink& sink) {
  const Network network(input.vms);
  std::map<std::string, const Interface*> users;
  for (const Interface& one : network.interfaces()) {
    if (one.peer == nullptr || one.peer->text.empty()) continue;
    const auto [place, fresh] = users.try_emplace(one.peer->text, &one);
    if (fresh) continue;
    const Interface& first = *place->second;
    Diagnostic diagnostic =
        finding(kSharedPeer, one.peer->where,
                fmt::format("'{}' is the peer of another virtio-net already", one.peer->text),
                "an interface has one peer: to connect more than two, give each a vdevpeer of its "
                "own and bridge them on the host");
    diagnostic.notes.push_back({first.peer->where, fmt::format("in VM '{}'", first.vm->name)});
    sink.add(std::move(diagnostic));
  }
}

}  // namespace

const Rule kSharedPeer{.id = "E21",
                       .severity = Severity::warning,
                       .title = "two network interfaces with one peer",
                       .documentation =
                           "A peer is the other end of a cable: of two interfaces that name the same one, "
                           "only one is connected.",
                       .wrong = {"system left\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp0\n",
                                 "system right\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp0\n"},
                       .right = {"system left\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp0\n",
                                 "system right\nram 64M\nvdev virtio-net peer /dev/vdevpeers/vp1\n"},
                       .check = check_e21};

}  // namespace qvm::config
