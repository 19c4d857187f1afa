// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What one vdev asks of the machine: the result of its plan() function. Pure: options in, claims and XML out.
// The core (qvm/plan) puts the answers of all vdevs together and knows none of them by name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/manifest/system_config.h"
#include "config/model/pci_position.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/base/registered.h"
#include "qvm/base/result.h"
#include "qvm/regions/model/policy.h"
#include "vdevs/machine.h"
#include "vdevs/relay.h"

namespace qvm::vdevs {

// Rules of findings: what a device cannot be given, and what a region cannot be.
inline constexpr const char* kDeviceRule = "plan-device";
inline constexpr const char* kRegionRule = "plan-region";

// What everybody may read of a PCI function of the host.
struct HostPciHeader {
  std::string address;  // "0000:03:00.0"
  std::string bytes;    // the first kPciHeaderBytes of its configuration space
};
inline constexpr std::size_t kPciHeaderBytes = 64;

// Versions of the interrupt controller that the host's KVM has for ARM machines.
struct KvmGics {
  bool v2 = false;
  bool v3 = false;
};

// What a plan() may look at. Everything in it outlives the call.
struct PlanInput {
  const config::Vdev& vdev;
  std::string id;        // "shmem0": unique within the VM
  unsigned ordinal = 0;  // among the vdevs of its type, from 0
  const Machine& machine;
  unsigned vcpus = 1;
  const config::SourceSet& sources;
  std::string vm_name;
  std::string host_id;            // tells this host from others; may be empty
  std::string vm_directory;       // RUNTIME/vm/NAME: sockets of the VM
  std::string log_directory;      // RUNTIME/log/NAME
  std::string console_stem;       // file name without suffix for a console of this vdev
  std::string working_directory;  // relative paths of options start here
  std::string plugin_directory;   // where vdev-*.so are
  // Number of a host group; nullopt: there is none of that name. May be empty: then names cannot be resolved.
  std::function<std::optional<gid_t>(const std::string&)> find_group;
  // What the manifest says stands for a path of the QNX host; nullptr: nothing. May be empty, too.
  std::function<const config::HostMapEntry*(const std::string&)> find_host_path;
  // Whether there is a directory of that name on the host. May be empty: then it is believed.
  std::function<bool(const std::string&)> is_directory;
  // The host's PCI function of that name, "VID/DID[/INDEX]" or "BUS:DEV[.FUNC]"; the failure says what is
  // there instead. May be empty.
  std::function<Result<HostPciHeader>(const std::string&)> read_host_pci;
  // nullopt: there is nobody to ask. May be empty, too.
  std::function<std::optional<KvmGics>()> find_kvm_gics;
  bool privileged = false;  // root starts the VM
};

// A range of memory or of I/O ports that belongs to this vdev.
struct AddressClaim {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  config::SourceRange where;
  // The vdev is this part of the machine: the range is the machine's own and gets the vdev as its owner.
  std::optional<Part> part;
};

struct LineClaim {
  std::uint32_t line = 0;
  config::SourceRange where;
  std::optional<Part> part;
};

// Room in the guest's memory for regions that come and go while the guest runs.
struct WindowRequest {
  std::optional<std::uint64_t> address;  // fixed by the user; absent: the core finds a place
  std::uint64_t length = 0;  // with an address: exactly; without: at least (0: whatever fits well)
  config::SourceRange where;
};

// What a region of so many bytes takes of a window: its control page and whole pages, large ones from a huge
// page on.
constexpr std::uint64_t window_bytes(std::uint64_t region) {
  constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;
  // Longer ones are refused by the region manager; here they only must not overflow a sum.
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 38;
  const std::uint64_t bytes = region < kLargest ? region : kLargest;
  return (bytes >= kHugePage ? kHugePage : kPage) + (bytes + kPage - 1) / kPage * kPage;
}

// The vdev is a PCI function.
struct PciRequest {
  std::optional<config::PciPosition> position;  // fixed by the user; absent: the core finds one
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  bool message_signalled = false;  // its guest can do without its interrupt line
  // Of a hosted vdev, which has one BAR, which traps, and the interrupt INTA; of others QEMU knows.
  std::uint16_t class_code = 0;  // class and subclass
  std::uint32_t length = 0;      // of the BAR, bytes: a power of two, 4096 or more
  config::SourceRange where;
};

// Announces a device at an address: in the device tree, or to guests that read ACPI as a device-tree style
// "compatible" device.
struct DeviceNode {
  std::vector<std::string> compatible;  // the most special first; never empty
  struct Range {
    std::uint64_t address = 0;
    std::uint64_t length = 0;
  };
  std::vector<Range> ranges;            // the first gives the node its name
  std::optional<std::uint32_t> line{};  // level, active high
  // Names of the clocks that its driver asks for; all have one fixed frequency.
  std::vector<std::string> clocks{};
  std::uint32_t clock_hertz = 24'000'000;
  bool coherent = false;  // it reads and writes memory, through the caches
  bool serial_port = false;
  // It is the interrupt controller that the lines belong to.
  struct Controller {
    unsigned cluster = 16;    // how many CPUs the lowest part of an affinity counts
    bool names_cpus = false;  // a private line says which CPUs have it
  };
  std::optional<Controller> controller{};
};

// A device of the machine's own that vmhost moves to where the configuration wants it, before the guest runs.
// Exactly one of the first three says which.
struct Placement {
  std::string object_type{};   // QEMU's name of the type; the machine has one such object
  std::string serial{};        // the PL011 on the character device of this id
  std::string transport_of{};  // the virtio-mmio transport that the device of this id (QEMU's) is on
  std::vector<std::uint64_t> addresses{};  // of its ranges, in the model's order
  std::optional<std::uint32_t> line{};     // INTID
  bool legacy = false;                     // of a transport: it shows the 0.9.5 draft of virtio
  config::SourceRange where{};
};

// One element of the libvirt domain, put under the element that parent names: "devices", "clock", "features".
struct DomainElement {
  std::string parent;
  std::string xml;
  bool pci = false;       // it is the function that VdevPlan::pci asks for: it gets that one's <address>
  bool kvm_only = false;  // left out where KVM is not used
};

// Two words of QEMU's command line, for what libvirt has no element for.
struct QemuArgument {
  std::string option;  // "-netdev"
  std::string value;
  bool pci = false;  // it is the function that VdevPlan::pci asks for: it gets that one's address
};

// The guest's end of a link between the network interfaces of two VMs, which is plugged in while they run.
struct LinkEnd {
  std::string name;       // of this interface; empty: no other can be linked to it
  std::string peer_vm;    // empty: nobody is ever at the other end
  std::string peer_name;  // of the interface there
  std::uint32_t hub =
      0;  // of QEMU's hubs in this VM the one that the interface and the link are plugged into

  bool operator==(const LinkEnd&) const = default;
};

// A network interface of the guest.
struct NetworkFact {
  std::string mac;      // "02:…"
  std::string towards;  // for people: "bridge 'br0'"
  std::optional<LinkEnd> link;
};

// Registers of a part of the machine that the guest finds at a second place, too.
struct SecondPlace {
  Part part = Part::other;
  std::string type;  // of the vdev that is the part, which vmhost knows it by
  std::uint64_t address = 0;
  std::uint64_t length = 0;
};

// How a console of this vdev reaches the host.
struct ConsoleFact {
  std::string socket;  // empty: output only
  std::string log;
};

// A file or block device of the host that this vdev shows as a disk. Its XML names the file as
// <disk type="file"><source file=PATH/>, and the name as <target dev=NAME/>: whether it is a device, and how
// the VM's user comes to it, is found out when the VM starts.
struct DiskFact {
  std::string path;  // absolute
  std::string name;  // "vda": unique within the VM
  bool writable = true;
  bool direct = false;  // past the host's cache, if the file system can do that
  config::SourceRange where;
};

// Something of the host that the VM uses by its name, which is looked for when the VM starts.
struct HostObject {
  enum class Kind {
    bridge,   // a network device
    tap,      // a network device
    network,  // of libvirt's
    device,   // a character device that QEMU opens
    path,     // that a process beside QEMU opens
    pci,      // a function, by its address
  };
  Kind kind = Kind::path;
  std::string name;           // paths are absolute
  config::SourceRange where;  // of the name
};

// Entry of vmhost.json: only for a device that our plugin host emulates.
struct HostedDevice {
  std::string object;                   // file name or absolute path of the plugin
  bool uses_regions = false;            // it gets the VM's region socket
  std::vector<config::Option> options;  // those the device is told
};

struct VdevPlan {
  std::vector<AddressClaim> memory;
  std::vector<AddressClaim> ports;
  std::vector<LineClaim> lines;
  std::optional<std::uint32_t> controller_lines;  // it is an interrupt controller with lines 0..n-1
  std::optional<WindowRequest> window;
  std::optional<DeviceNode> node;
  std::vector<Placement> placements;
  std::optional<SecondPlace> second_place;
  std::optional<PciRequest> pci;
  std::string pci_config_space;  // all that such a function has, 256 bytes; empty: it is a device of its own
  std::vector<DomainElement> domain;
  std::vector<QemuArgument> qemu;
  std::optional<ConsoleFact> console;
  std::optional<DiskFact> disk;
  std::vector<HostObject> host_objects;
  bool shared_memory = false;  // a process beside the VM's works on the guest's memory
  std::optional<NetworkFact> network;
  std::optional<Relay> relay;
  std::optional<HostedDevice> hosted;
  std::optional<regions::VdevPolicy> policy;
};

// What a vdev cannot be given on this machine is an error in sink, with what would work; the result is then
// unused.
using PlanFunction = VdevPlan (*)(const PlanInput& input, config::DiagnosticSink& sink);

// One vdev that this build ships: a constant in vdevs/TYPE/plan.cpp, which is known by being there.
struct ShippedVdev {
  std::string_view type;
  PlanFunction plan;
  // Domain elements for a VM that has no such vdev (the machine would bring one otherwise); may be nullptr.
  std::vector<DomainElement> (*absent)(const Machine& machine) = nullptr;
  Registered<ShippedVdev> registered{*this};
};

// All of them, sorted by type.
const std::vector<const ShippedVdev*>& shipped_vdevs();
const ShippedVdev* find_shipped(std::string_view type);

// Adds a finding without notes; help may be empty.
void add_finding(config::DiagnosticSink& sink, config::Severity severity, std::string rule,
                 const config::SourceRange& where, std::string message, std::string help);

// For a vdev known only by its option table: claims what the table and `loc`, `intr` say, hands its options
// on.
VdevPlan plan_generic(const PlanInput& input, config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
