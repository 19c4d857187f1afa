// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/network.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPeerFeatures;

namespace {

// All that QNX 7.0's virtio-net passes on.
constexpr std::uint64_t kMostFeatures = 0x7fc3;

void check_pair(const Interface& one, const Argument& features, std::uint64_t value, const Network& network,
                DiagnosticSink& sink) {
  const Interface* other = network.find(*one.towards);
  if (other == nullptr) return;
  const Argument* theirs = find_argument(other->vdev->options, "peerfeats");
  const std::uint64_t their_value =
      theirs == nullptr ? 0 : number_of(*theirs, NumberKind::plain).value_or(value);
  if (their_value == value) return;
  // Each pair once, at the end that comes later if both say something.
  if (theirs != nullptr && other > &one) return;
  Diagnostic diagnostic = finding(
      kPeerFeatures, features.where,
      fmt::format("the two ends have different features, 0x{:x} here and 0x{:x} there", value, their_value),
      "give both ends the same peerfeats");
  diagnostic.notes.push_back({theirs == nullptr ? other->vdev->where : theirs->where,
                              theirs == nullptr ? "the other end has none" : "those of the other end"});
  sink.add(std::move(diagnostic));
}

void check_e04(const RuleInput& input, DiagnosticSink& sink) {
  const Network network(input.vms);
  for (const Interface& one : network.interfaces()) {
    const Argument* features = find_argument(one.vdev->options, "peerfeats");
    if (features == nullptr) continue;
    const auto value = number_of(*features, NumberKind::plain);
    if (!value) continue;
    if (*value > kMostFeatures) {
      sink.add(finding(kPeerFeatures, features->where,
                       fmt::format("0x{:x} has features that virtio-net does not know", *value),
                       fmt::format("all of them together are 0x{:x}", kMostFeatures)));
    } else if (one.peer != nullptr && !one.towards && *value != 0) {
      Diagnostic diagnostic =
          finding(kPeerFeatures, features->where, "a bridge of the host understands none of these features",
                  "write 0, or leave peerfeats away");
      diagnostic.notes.push_back({one.peer->where, "the peer is not a VM's"});
      sink.add(std::move(diagnostic));
    } else if (one.towards) {
      check_pair(one, *features, *value, network, sink);
    }
  }
}

}  // namespace

const Rule kPeerFeatures{
    .id = "E04",
    .severity = Severity::warning,
    .title = "peerfeats that the other end does not share",
    .documentation =
        "peerfeats are features of the network that a guest may use because its peer understands them, too: "
        "both ends "
        "need the same, 0x7fc3 at most, and a bridge of the host has none.",
    .wrong = {"system left\nram 64M\nvdev virtio-net name n0 peer /dev/vdevpeers/vp0 peerfeats 0x19c3\n"},
    .right = {"system left\nram 64M\nvdev virtio-net name n0 peer /dev/vdevpeers/vp0 peerfeats 0\n"},
    .check = check_e04};

}  // namespace qvm::config
