// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/suggest.h"
#include "config/model/network.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPeers;

namespace {

// Names are compared with all others only while that is cheap: a set of very many VMs gets no suggestions.
constexpr std::size_t kMostCandidates = 100;

class CheckerE02 {
 public:
  CheckerE02(const Network& network, const RuleInput& input, DiagnosticSink& sink)
      : x_network(network), x_input(input), x_sink(sink) {}

  void check(const Interface& one) {
    check_name(one);
    if (one.peer != nullptr && one.towards) check_peer(one);  // E01 wants a peer
  }

 private:
  Diagnostic& make(const SourceRange& where, Severity severity, std::string message, std::string help) {
    x_last = finding(kPeers, where, std::move(message), std::move(help));
    x_last.severity = severity;
    return x_last;
  }
  void add(const SourceRange& where, Severity severity, std::string message, std::string help) {
    x_sink.add(make(where, severity, std::move(message), std::move(help)));
  }

  void check_name(const Interface& one) {
    if (!one.vdev->name) {
      if (one.towards)
        add(one.vdev->where, Severity::warning, "this virtio-net has no 'name' that its peer could name",
            "add 'name NAME'");
      return;
    }
    const Located<std::string>& name = *one.vdev->name;
    if (name.value.find('/') == std::string::npos) return;
    add(name.where, Severity::error, fmt::format("name '{}' is a path", name.value),
        fmt::format("write only its last part: '{}'", name.value.substr(name.value.rfind('/') + 1)));
  }

  void check_peer(const Interface& one) {
    const PeerPath& path = *one.towards;
    if (!x_network.has_vm(path.vm)) {
      unknown_vm(one);
      return;
    }
    const Interface* other = x_network.find(path);
    if (other == nullptr) {
      unknown_device(one);
      return;
    }
    if (other->vdev == one.vdev) {
      add(one.peer->where, Severity::warning, "this virtio-net is its own peer: it is connected with nobody",
          "name the one at the other end");
      return;
    }
    check_answer(one, *other);
  }

  // The other end must name this one. Each pair that does not fit is reported once, at the end that comes
  // first.
  void check_answer(const Interface& one, const Interface& other) {
    if (other.peer == nullptr) return;  // reported there
    const std::string own = one.vdev->name ? one.vdev->name->value : "";
    if (other.towards && other.towards->vm == one.vm->name && other.towards->device == own) return;
    if (own.empty()) return;  // reported
    Diagnostic& diagnostic = make(
        one.peer->where, Severity::warning,
        fmt::format("'{}' has another peer than this virtio-net, '{}'", one.peer->text, other.peer->text),
        fmt::format("both ends name each other: there it is 'peer /dev/qvm/{}/{}'", one.vm->name, own));
    diagnostic.notes.push_back({other.peer->where, "its peer is named here"});
    x_sink.add(diagnostic);
  }

  // A single file says nothing about the rest of the system.
  void unknown_vm(const Interface& one) {
    if (x_input.vms.size() < 2) return;
    const auto names = x_network.vm_names();
    std::string help = "name a VM of this set, or check it together with the VM";
    if (names.size() <= kMostCandidates) {
      if (const auto near = suggest(one.towards->vm, names))
        help = fmt::format("did you mean '{}'?", near->name);
    }
    add(one.peer->where, Severity::warning, fmt::format("no VM '{}' is in this set", one.towards->vm), help);
  }

  void unknown_device(const Interface& one) {
    const PeerPath& path = *one.towards;
    const auto names = x_network.names_in(path.vm);
    std::string help = fmt::format("add 'name {}' to the virtio-net there", path.device);
    if (names.size() <= kMostCandidates) {
      if (const auto near = suggest(path.device, names)) help = fmt::format("did you mean '{}'?", near->name);
    }
    add(one.peer->where, Severity::warning,
        fmt::format("VM '{}' has no virtio-net named '{}'", path.vm, path.device), help);
  }

  const Network& x_network;
  const RuleInput& x_input;
  DiagnosticSink& x_sink;
  Diagnostic x_last;
};

void check_e02(const RuleInput& input, DiagnosticSink& sink) {
  const Network network(input.vms);
  CheckerE02 checker(network, input, sink);
  for (const Interface& one : network.interfaces()) checker.check(one);
}

}  // namespace

const Rule kPeers{
    .id = "E02",
    .severity = Severity::error,
    .title = "network peers that do not name each other",
    .documentation =
        "Two virtio-net are connected if the peer of each is /dev/qvm/VM/NAME of the other. QNX "
        "makes such a link when both are there, so one that nobody answers is a warning: the VM "
        "runs, and what it sends is lost. A name that is a path can never be named.",
    .wrong = {"system left\nram 64M\nvdev virtio-net name /dev/qvm/left/n0 peer /dev/qvm/right/n1\n",
              "system right\nram 64M\nvdev virtio-net name n0 peer /dev/qvm/left/n0\n"},
    .right = {"system left\nram 64M\nvdev virtio-net name n0 peer /dev/qvm/right/n1\n",
              "system right\nram 64M\nvdev virtio-net name n1 peer /dev/qvm/left/n0\n"},
    .check = check_e02};

}  // namespace qvm::config
