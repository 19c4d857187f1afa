// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What will be started for one VM: a pure function of its VmConfig and of what the host offers. Printed by
// `qvm plan`, carried to qvmd as JSON, asserted by golden tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/manifest/supervision.h"
#include "config/manifest/system_config.h"
#include "config/model/cpu_options.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/base/result.h"
#include "qvm/regions/model/policy.h"
#include "vdevs/plan.h"
#include "vdevs/relay.h"

namespace qvm::plan {

// What the plan must know of the host and of the run; all of it is input, so that a plan is reproducible.
struct HostFacts {
  enum class Acceleration { kvm, tcg };
  Acceleration acceleration = Acceleration::tcg;  // of VMs of the host's architecture; others are emulated
  // Of the host. A plan does not keep it.
  config::Architecture architecture = config::Architecture::x86_64;
  std::string runtime_directory;  // "/run/qvm"
  std::string plugin_directory;   // where libqvm-vmhost.so and vdev-*.so are
  std::string firmware_path;      // qboot.rom; empty: the machine's default firmware
  std::string working_directory;  // of the caller; makes relative paths absolute
  std::string host_id;            // tells this host from others; may be empty
  // Whom the VM runs as; absent when unprivileged (then everything runs as the caller).
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::vector<gid_t> groups;
  bool own_uid = false;  // uid was made for this VM: no other may run as it
  // Who runs qvm: the identity of a VM without uid and gid.
  uid_t caller_uid = 0;
  gid_t caller_gid = 0;

  bool operator==(const HostFacts&) const = default;
};

// A PCI function of the host.
struct HostPciDevice {
  std::string address;          // "0000:03:00.0"
  std::string id;               // "8086:10d3"
  std::uint8_t base_class = 0;  // 6: a bridge
  std::string driver;           // bound to it; empty: none
  std::optional<unsigned> iommu_group;
};

// Questions about the host that a plan asks if it may. Answers are input like HostFacts: the same answers
// give the same plan. Each may be empty; then the plan does without and takes the configuration at its word.
struct HostQueries {
  // The first kImageHead bytes of a file (fewer if it is shorter), nullopt if it cannot be read: tells
  // formats apart.
  std::function<std::optional<std::string>(const std::string& path)> read_head;
  // The whole of a file of at most limit bytes, nullopt if that cannot be had.
  std::function<std::optional<std::string>(const std::string& path, std::uint64_t limit)> read_file;
  // A group's number, nullopt if there is none of that name.
  std::function<std::optional<gid_t>(const std::string& name)> find_group;
  // What the manifest says stands for a path of the QNX host; nullptr: nothing. Lives as long as the plan is
  // made.
  std::function<const config::HostMapEntry*(const std::string& path)> find_host_path;
  // All PCI functions of the host, in the order of their addresses.
  std::function<std::vector<HostPciDevice>()> pci_devices;
  // The first vdevs::kPciHeaderBytes of the configuration space of one of them; nullopt if they cannot be
  // read.
  std::function<std::optional<std::string>(const std::string& address)> pci_header;
  // The CPUs of this host that a guest's CPU may run on; empty: any. May be empty: those that are written.
  std::function<std::vector<config::HostCpu>(const config::Cpu& cpu)> host_cpus;
  // Whether there is a directory of that name.
  std::function<bool(const std::string& path)> is_directory;
  // Asked for boards under KVM. nullopt: there is nobody to ask.
  std::function<std::optional<vdevs::KvmGics>()> kvm_gics;
};
inline constexpr std::uint64_t kImageHead = 8192;

struct MemoryRange {
  enum class Kind { ram, rom, device, region_window, firmware, reserved };
  Kind kind = Kind::ram;
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::string owner;  // "ram", "vdev shmem0", "machine: I/O APIC"
  std::string place;  // "left.qvmconf:3:5"; empty for what the machine brings

  bool operator==(const MemoryRange&) const = default;
};

struct PortRange {
  std::uint32_t start = 0;
  std::uint32_t length = 0;
  std::string owner;
  std::string place;

  bool operator==(const PortRange&) const = default;
};

struct InterruptUse {
  std::string controller;
  std::uint32_t line = 0;
  std::string owner;
  std::string place;

  bool operator==(const InterruptUse&) const = default;
};

struct PciUse {
  std::uint32_t device = 0;  // on bus 0
  std::uint32_t function = 0;
  std::string id;  // "1c05:0001"
  std::string owner;
  std::string place;

  bool operator==(const PciUse&) const = default;
};

// A file put into guest memory before the first instruction.
struct Blob {
  std::string path;  // absolute
  std::uint64_t address = 0;
  std::uint64_t length = 0;  // of the file
  bool elf = false;          // it goes where its headers say; address is that of its first segment

  bool operator==(const Blob&) const = default;
};

// An ARM machine, which has no firmware: its first CPU starts with a few instructions of ours.
struct BoardStart {
  std::uint64_t address = 0;     // of the code
  std::string code;              // the instructions, and the device tree behind them
  std::string code_path;         // where the daemon writes it
  std::string device_tree;       // it is in the code, too
  std::string device_tree_dump;  // absolute path of `set fdt-dump-file`; empty: none

  bool operator==(const BoardStart&) const = default;
};

struct Boot {
  std::string kernel;  // absolute path
  std::string initrd;  // absolute path or empty
  std::string cmdline;
  std::vector<std::string> acpi_tables;  // absolute paths, the user's own

  bool operator==(const Boot&) const = default;
};

// How a VM's consoles reach the host. Console 0 is what `qvm console` and `qvm @file` show.
struct Console {
  std::string vdev;    // id, "ser8250-0"
  std::string socket;  // Unix socket for input and live output; empty: output only
  std::string log;     // file with everything the guest wrote

  bool operator==(const Console&) const = default;
};

// A file or block device of the host that the guest has as a disk.
struct Disk {
  std::string vdev;  // id, "disk0"
  std::string name;  // <target dev=NAME> of its <disk type="file"> in the domain
  std::string path;  // absolute
  bool writable = true;
  bool direct = false;  // past the host's cache, if the file system can do that
  std::string place;

  bool operator==(const Disk&) const = default;
};

// A network interface of the guest.
struct NetworkInterface {
  std::string vdev;     // id, "virtio-net0"
  std::string mac;      // "02:…"
  std::string towards;  // for people: "bridge 'br0'"
  std::optional<vdevs::LinkEnd> link;
  std::string place;

  bool operator==(const NetworkInterface&) const = default;
};

// Something of the host that the VM uses by its name. Disks are a list of their own.
struct HostObject {
  vdevs::HostObject::Kind kind = vdevs::HostObject::Kind::path;
  std::string name;
  std::string place;  // of the name

  bool operator==(const HostObject&) const = default;
};

struct VmPlan {
  std::string name;
  HostFacts host;
  std::uint64_t memory_bytes = 0;  // what the machine is given: up to the end of the highest RAM
  unsigned vcpus = 1;
  std::vector<std::string> affinity;  // per vCPU: "0,2", the host CPUs its thread may use; empty: any
  Boot boot;
  std::optional<BoardStart> board;  // aarch64; absent: x86-64
  std::vector<Blob> blobs;
  std::vector<MemoryRange> memory;  // sorted, disjoint
  std::vector<PortRange> ports;
  std::vector<InterruptUse> interrupts;
  std::vector<PciUse> pci;  // of the vdevs, in configuration order, then of devices of the host
  std::vector<Console> consoles;
  std::vector<Disk> disks;
  std::vector<NetworkInterface> networks;
  std::vector<vdevs::Relay> relays;
  std::vector<HostObject> host_objects;
  std::string acpi_table;        // AML bytes of our SSDT; empty if no vdev needs one
  std::string acpi_table_path;   // where the daemon writes it
  std::string vmhost_json;       // see vdevs/vmhost/config.h
  std::string vmhost_json_path;  // where the daemon writes it
  std::string domain_xml;
  regions::VmPolicy policy;
  // From the manifest.
  std::vector<config::Condition> depends_on;
  config::RestartPolicy restart;
  bool dryrun = false;

  // The run-time directory of this VM: RUNTIME/vm/NAME.
  std::string directory() const { return host.runtime_directory + "/vm/" + name; }

  bool operator==(const VmPlan&) const = default;
};

// A region that is there while a VM's set runs.
struct SetRegion {
  std::string name;  // host-wide
  std::uint64_t bytes = 0;
};

// Builds the plan. What cannot be done on this machine is an error in sink with the line, the reason and what
// would work; nothing silently moves. nullopt exactly when an error was added. Pure: reads nothing but its
// arguments.
std::optional<VmPlan> build(const config::VmConfig& vm, const std::string& name, const HostFacts& host,
                            const config::SourceSet& sources, config::DiagnosticSink& sink,
                            const HostQueries& queries = {}, const std::vector<SetRegion>& set = {});

// For the control socket and `qvm plan --json` (schemas/plan.schema.json); from_json(to_json(x)) equals x.
std::string to_json(const VmPlan& plan);
Result<VmPlan> from_json(const std::string& json);

// The table that `qvm plan` prints.
std::string to_table(const VmPlan& plan);

}  // namespace qvm::plan
