// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/language/option_table.h"
#include "config/model/architecture.h"
#include "qvm/plan/acpi.h"
#include "qvm/plan/address_map.h"
#include "qvm/plan/boot.h"
#include "qvm/plan/boot_board.h"
#include "qvm/plan/cpus.h"
#include "qvm/plan/domain_xml.h"
#include "qvm/plan/finding.h"
#include "qvm/plan/interrupt_map.h"
#include "qvm/plan/machine_extras.h"
#include "qvm/plan/machine_pc.h"
#include "qvm/plan/machine_virt.h"
#include "qvm/plan/passed_devices.h"
#include "qvm/plan/pci_map.h"
#include "qvm/plan/planned.h"
#include "qvm/plan/ram_layout.h"
#include "qvm/plan/ram_layout_board.h"
#include "qvm/plan/vm_name.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/plan/window.h"
#include "vdevs/host_path.h"
#include "vdevs/plan.h"

namespace qvm::plan {
namespace {

using config::Severity;

// A processor of another architecture can only be emulated.
HostFacts::Acceleration acceleration_of(const config::VmConfig& vm, const HostFacts& host) {
  return vm.architecture == host.architecture ? host.acceleration : HostFacts::Acceleration::tcg;
}

const vdevs::Machine& machine_for(const config::VmConfig& vm, const HostFacts& host) {
  return vm.architecture == config::Architecture::aarch64 ? machine_virt(acceleration_of(vm, host))
                                                          : machine_pc();
}

class Builder {
 public:
  Builder(const config::VmConfig& vm, const std::string& name, const HostFacts& host,
          const config::SourceSet& sources, config::DiagnosticSink& sink, const HostQueries& queries,
          const std::vector<SetRegion>& set)
      : x_vm(vm),
        x_sources(sources),
        x_sink(sink),
        x_queries(queries),
        x_set(set),
        x_wanted(host.acceleration),
        x_machine(machine_for(vm, host)),
        x_memory("memory"),
        x_ports("I/O ports"),
        x_interrupts(x_machine),
        x_pci(x_machine) {
    x_plan.name = name;
    x_plan.host = host;
    x_plan.host.acceleration = acceleration_of(vm, host);
    x_plan.host.architecture = {};
    if (vm.architecture == config::Architecture::aarch64) x_plan.board.emplace();
  }

  std::optional<VmPlan> run();

 private:
  bool refuse_unsupported();
  void plan_vdevs();
  void plan_vdev(const config::Vdev& vdev, unsigned ordinal);
  void plan_boot();
  vdevs::PlanInput input_for(const config::Vdev& vdev, const std::string& id, unsigned ordinal) const;
  void claim_memory();
  void claim_addresses(const Planned& planned);
  void claim_lines(const Planned& planned);
  void check_controllers();
  void place_pci();
  void place_windows();
  void keep_reserved();
  void collect_maps();
  void collect_vmhost();
  void collect_domain();

  const config::VmConfig& x_vm;
  const config::SourceSet& x_sources;
  config::DiagnosticSink& x_sink;
  const HostQueries& x_queries;
  const std::vector<SetRegion>& x_set;
  const HostFacts::Acceleration x_wanted;
  const vdevs::Machine& x_machine;
  AddressMap x_memory;
  AddressMap x_ports;
  InterruptMap x_interrupts;
  PciMap x_pci;
  RamLayout x_ram;
  BootPlan x_boot;
  std::vector<Planned> x_vdevs;
  std::vector<PassedDevice> x_passed;
  bool x_has_console = false;
  VmPlan x_plan;
};

vdevs::PlanInput Builder::input_for(const config::Vdev& vdev, const std::string& id, unsigned ordinal) const {
  return {.vdev = vdev,
          .id = id,
          .ordinal = ordinal,
          .machine = x_machine,
          .vcpus = x_plan.vcpus,
          .sources = x_sources,
          .vm_name = x_plan.name,
          .host_id = x_plan.host.host_id,
          .vm_directory = x_plan.directory(),
          .log_directory = x_plan.host.runtime_directory + "/log/" + x_plan.name,
          .console_stem = x_has_console ? id : "console",
          .working_directory = x_plan.host.working_directory,
          .plugin_directory = x_plan.host.plugin_directory,
          .find_group = x_queries.find_group,
          .find_host_path = x_queries.find_host_path,
          .is_directory = x_queries.is_directory,
          .read_host_pci = [this](const std::string& name) { return read_host_pci(name, x_queries); },
          .find_kvm_gics = x_queries.kvm_gics,
          .privileged = x_plan.host.caller_uid == 0};
}

// What this build can give to no VM is told first and alone: problems of the rest would only hide it.
bool Builder::refuse_unsupported() {
  const std::size_t errors_before = x_sink.count(Severity::error);
  for (const config::Unsupported& one : x_vm.unsupported) {
    report(x_sink, Severity::error, "plan-option", one.where,
           fmt::format("a VM with '{}' cannot be started here", one.what), one.why);
  }
  for (const config::Vdev& vdev : x_vm.vdevs) {
    if (vdev.table != nullptr && !vdev.table->unsupported.empty())
      vdevs::plan_generic(input_for(vdev, vdev.type, 0), x_sink);
  }
  return x_sink.count(Severity::error) != errors_before;
}

void Builder::plan_vdevs() {
  for (const config::Vdev& vdev : x_vm.implicit) plan_vdev(vdev, 0);
  std::map<std::string, unsigned> ordinals;
  for (const config::Vdev& vdev : x_vm.vdevs) plan_vdev(vdev, ordinals[vdev.type]++);
}

void Builder::plan_vdev(const config::Vdev& vdev, unsigned ordinal) {
  if (vdev.table != nullptr && !vdev.table->left_out.empty()) return;  // A23 tells
  // "disk0", but "i8042-0": the number must be told from a digit of the type.
  const bool digit = !vdev.type.empty() && vdev.type.back() >= '0' && vdev.type.back() <= '9';
  Planned planned;
  planned.vdev = &vdev;
  planned.id = fmt::format("{}{}{}", vdev.type, digit ? "-" : "", ordinal);
  const vdevs::ShippedVdev* shipped = vdevs::find_shipped(vdev.type);
  const vdevs::PlanFunction function = shipped != nullptr ? shipped->plan : vdevs::plan_generic;
  planned.plan = function(input_for(vdev, planned.id, ordinal), x_sink);
  x_has_console = x_has_console || planned.plan.console;
  x_vdevs.push_back(std::move(planned));
}

void Builder::plan_boot() {
  if (!x_plan.board) {
    x_boot = qvm::plan::plan_boot(x_vm, x_ram, x_plan.host, x_queries, x_sink);
    return;
  }
  BoardBootPlan board =
      plan_board_boot(x_vm, x_ram, describe_board(x_vdevs, x_ram, x_plan), x_plan.host, x_queries, x_sink);
  x_boot.boot = std::move(board.boot);
  x_boot.blobs = std::move(board.blobs);
  x_plan.board = std::move(board.start);
  x_plan.board->code_path = x_plan.directory() + "/boot.bin";
  for (const config::SetVariable& variable : x_vm.variables) {
    if (variable.name == "fdt-dump-file" && !variable.value.text.empty())
      x_plan.board->device_tree_dump =
          vdevs::absolute_path(x_plan.host.working_directory, variable.value.text);
  }
}

void Builder::claim_memory() {
  for (const OwnedRange& range : x_ram.ranges) x_memory.add_fixed(range);
  x_memory.add_machine(x_machine.memory);
  x_ports.add_machine(x_machine.ports);
  for (const OwnedRange& rom : x_ram.roms) x_memory.claim(rom, x_sink);
}

void Builder::claim_addresses(const Planned& planned) {
  const auto claim = [&](AddressMap& map, const vdevs::AddressClaim& wanted, MemoryRange::Kind kind) {
    OwnedRange range;
    range.kind = kind;
    range.start = wanted.start;
    range.length = wanted.length;
    range.owner = planned.owner();
    range.where = wanted.where;
    range.part = wanted.part;
    map.claim(std::move(range), x_sink);
  };
  for (const vdevs::AddressClaim& wanted : planned.plan.memory)
    claim(x_memory, wanted, MemoryRange::Kind::device);
  for (const vdevs::AddressClaim& wanted : planned.plan.ports)
    claim(x_ports, wanted, MemoryRange::Kind::device);
  const auto& window = planned.plan.window;
  if (window && window->address) {
    claim(x_memory, {*window->address, window->length, window->where, std::nullopt},
          MemoryRange::Kind::region_window);
  }
}

void Builder::check_controllers() {
  for (const Planned& planned : x_vdevs) {
    if (planned.plan.controller_lines) continue;
    for (const auto& interrupt : planned.vdev->interrupts) {
      if (find_controller(x_vdevs, interrupt.value.controller) != nullptr) continue;
      report(x_sink, Severity::error, "D01", interrupt.where,
             fmt::format("there is no interrupt controller '{}'", interrupt.value.controller),
             "define it before the devices that are wired to it");
    }
  }
}

void Builder::claim_lines(const Planned& planned) {
  for (const vdevs::LineClaim& wanted : planned.plan.lines) {
    x_interrupts.claim({wanted.line, planned.owner(), wanted.where, wanted.part}, x_sink);
  }
}

void Builder::keep_reserved() {
  for (const config::Reserve& reserve : x_vm.reserves) {
    for (const auto& location : reserve.locations) {
      if (location.value.space == config::Location::Space::pci || !location.value.length) continue;
      OwnedRange range;
      range.kind = MemoryRange::Kind::reserved;
      range.start = location.value.address;
      range.length = *location.value.length;
      range.owner = "reserve";
      range.where = location.where;
      (location.value.space == config::Location::Space::memory ? x_memory : x_ports).fill_free(range);
    }
  }
}

void Builder::place_pci() {
  for (const config::Reserve& reserve : x_vm.reserves) {
    for (const auto& location : reserve.locations) {
      const auto position = config::parse_pci_position(location.value.pci);
      if (position && position->bus == 0 && position->device < config::kPciDevices)
        x_pci.reserve(static_cast<std::uint32_t>(position->device));
    }
  }
  std::vector<PciWish> wishes;
  for (Planned& planned : x_vdevs) {
    const auto& pci = planned.plan.pci;
    if (pci)
      wishes.push_back({pci->position, planned.owner(), pci->where, planned.vdev->order, &planned.pci});
  }
  if (!x_vm.passes.empty()) {
    x_passed = passed_devices(
        x_vm, x_queries.pci_devices ? x_queries.pci_devices() : std::vector<HostPciDevice>(), x_sink);
  }
  for (PassedDevice& passed : x_passed)
    wishes.push_back({passed.position, passed.owner(), passed.where, passed.order, &passed.place});
  const bool silent = x_passed.empty() && std::all_of(x_vdevs.begin(), x_vdevs.end(), [](const Planned& one) {
                        return !one.plan.pci || one.plan.pci->message_signalled;
                      });
  if (!wishes.empty()) x_interrupts.add_pci(x_machine.pci_lines, silent);
  x_pci.place(std::move(wishes), x_sink);
}

void Builder::place_windows() {
  std::vector<Planned*> wanting;
  std::vector<WindowLength> lengths_wanted;
  for (Planned& planned : x_vdevs) {
    if (!planned.plan.window) continue;
    const vdevs::WindowRequest& request = *planned.plan.window;
    if (request.address) {
      planned.window = {*request.address, request.length};
      continue;
    }
    wanting.push_back(&planned);
    lengths_wanted.push_back(window_length(request.length, planned.plan.policy, x_set));
  }
  std::vector<std::uint64_t> lengths;
  const auto starts = qvm::plan::place_windows(lengths_wanted, x_memory, x_ram, lengths);
  if (!starts) {
    report(x_sink, Severity::error, "plan-memory", wanting.front()->plan.window->where,
           fmt::format("no room in the guest's addresses for {} window{} that regions can be mapped into",
                       wanting.size(), wanting.size() == 1 ? "" : "s"),
           "reserve less, or give the windows places with 'window ADDRESS,LENGTH'");
    return;
  }
  for (std::size_t i = 0; i < wanting.size(); ++i) {
    wanting[i]->window = {(*starts)[i], lengths[i]};
    const vdevs::VdevPlan& plan = wanting[i]->plan;
    tell_what_does_not_fit(lengths[i], plan.policy, x_set, plan.window->where, x_sink);
    x_memory.add_fixed({.kind = MemoryRange::Kind::region_window,
                        .start = (*starts)[i],
                        .length = lengths[i],
                        .owner = wanting[i]->owner(),
                        .where = plan.window->where});
  }
}

void Builder::collect_maps() {
  for (const OwnedRange& range : x_memory.ranges()) {
    // A place that the plan chose is nobody's word.
    x_plan.memory.push_back(
        {range.kind, range.start, range.length, range.owner, x_sources.describe(range.where)});
  }
  for (const OwnedRange& range : x_ports.ranges()) {
    x_plan.ports.push_back({static_cast<std::uint32_t>(range.start), static_cast<std::uint32_t>(range.length),
                            range.owner, x_sources.describe(range.where)});
  }
  std::string name(x_machine.controller);
  for (const Planned& planned : x_vdevs) {
    if (planned.plan.controller_lines) name = controller_name(planned);
  }
  for (const LineOwner& owner : x_interrupts.owners()) {
    x_plan.interrupts.push_back({name, owner.line, owner.owner, x_sources.describe(owner.where)});
  }
}

void Builder::collect_vmhost() {
  std::vector<vdevs::DeviceNode> nodes;
  std::vector<Window> windows;
  vmhost::Config config{
      x_plan.name, placed_parts(x_vdevs, x_sources), hosted_vdevs(x_vdevs, x_plan, x_sources), {}};
  for (const Planned& planned : x_vdevs) {
    add_extras(planned, x_sources, config.extras);
    if (planned.plan.node && !x_plan.board) nodes.push_back(*planned.plan.node);
    if (planned.window) windows.push_back({planned.window->address, planned.window->length});
  }
  for (const std::vector<OwnedRange>* pieces : {&x_ram.roms, &x_ram.low_ram, &x_boot.bios_pages})
    add_memory(*pieces, x_sources, config.extras);
  for (const Window& window : windows_of(config.extras)) windows.push_back(window);
  if (!config.empty()) x_plan.vmhost_json = vmhost::to_json(config);
  if (!x_plan.vmhost_json.empty()) x_plan.vmhost_json_path = x_plan.directory() + "/vmhost.json";
  if (x_plan.board) return;
  x_plan.acpi_table = build_acpi_table(nodes, windows);
  if (!x_plan.acpi_table.empty()) x_plan.acpi_table_path = x_plan.directory() + "/ssdt.aml";
}

void Builder::collect_domain() {
  DomainInput input{x_plan, x_machine, {}, {}};
  for (const Planned& planned : x_vdevs) {
    std::vector<vdevs::QemuArgument> arguments = planned.plan.qemu;
    if (planned.pci) {
      const vdevs::PciRequest& pci = *planned.plan.pci;
      if (planned.plan.hosted || !planned.plan.pci_config_space.empty())
        arguments.push_back({"-device", "qvm-pci-" + planned.id, true});
      x_plan.pci.push_back({planned.pci->device, planned.pci->function,
                            fmt::format("{:04x}:{:04x}", pci.vendor, pci.device), planned.owner(),
                            x_sources.describe(pci.where)});
    }
    input.shared_memory = input.shared_memory || planned.plan.shared_memory;
    for (const vdevs::DomainElement& element : planned.plan.domain)
      input.elements.push_back({element, planned.pci.value_or(PciPlace{})});
    if (const auto& disk = planned.plan.disk) {
      x_plan.disks.push_back({planned.id, disk->name, disk->path, disk->writable, disk->direct,
                              x_sources.describe(disk->where)});
    }
    for (const vdevs::QemuArgument& one : arguments) {
      input.arguments.push_back(
          {one.option,
           one.pci ? one.value + "," + planned.pci.value_or(PciPlace{}).qemu_options() : one.value});
    }
    if (const auto& network = planned.plan.network) {
      x_plan.networks.push_back({planned.id, network->mac, network->towards, network->link,
                                 x_sources.describe(planned.vdev->where)});
    }
    if (planned.plan.console) {
      x_plan.consoles.push_back({planned.id, planned.plan.console->socket, planned.plan.console->log});
    }
    if (planned.plan.relay) x_plan.relays.push_back(*planned.plan.relay);
    for (const vdevs::HostObject& object : planned.plan.host_objects) {
      x_plan.host_objects.push_back({object.kind, object.name, x_sources.describe(object.where)});
    }
  }
  for (const PassedDevice& passed : x_passed) {
    const PciPlace place = passed.place.value_or(PciPlace{});
    x_plan.pci.push_back(
        {place.device, place.function, passed.device.id, passed.owner(), x_sources.describe(passed.where)});
    x_plan.host_objects.push_back(
        {vdevs::HostObject::Kind::pci, passed.device.address, x_sources.describe(passed.where)});
    input.elements.push_back({{"devices", passed.xml(), true}, place});
  }
  for (const vdevs::ShippedVdev* shipped : vdevs::shipped_vdevs()) {
    const bool present = std::any_of(x_vdevs.begin(), x_vdevs.end(), [&](const Planned& planned) {
      return planned.vdev->type == shipped->type;
    });
    if (present || shipped->absent == nullptr) continue;
    for (vdevs::DomainElement& element : shipped->absent(x_machine))
      input.elements.push_back({std::move(element)});
  }
  // Otherwise QEMU shows the draft of virtio by them; vmhost sets those that are to.
  if (x_plan.board) input.arguments.emplace_back("-global", "virtio-mmio.force-legacy=off");
  x_plan.domain_xml = build_domain_xml(input);
}

std::optional<VmPlan> Builder::run() {
  if (refuse_unsupported()) return std::nullopt;
  const std::size_t errors_before = x_sink.count(Severity::error);
  if (x_plan.host.acceleration != x_wanted) {
    report(x_sink, Severity::info, "plan-cpu", x_vm.where,
           fmt::format("KVM runs no {} guest on this host: it is emulated (TCG)",
                       config::to_string(x_vm.architecture)),
           "");
  }
  check_vm_name(x_plan.name, x_plan.host.runtime_directory, x_vm.system ? x_vm.system->where : x_vm.where,
                x_sink);
  auto ram = x_plan.board ? lay_out_board_ram(x_vm.memory, x_vm.where, x_machine, x_sink)
                          : lay_out_ram(x_vm.memory, x_vm.where, x_machine, x_sink);
  const bool has_ram = ram.has_value();
  if (has_ram) x_ram = std::move(*ram);
  plan_cpus(x_vm, x_queries, x_plan, x_sink);
  plan_vdevs();
  check_controllers();
  claim_memory();
  for (const Planned& planned : x_vdevs) claim_addresses(planned);
  place_pci();
  for (const Planned& planned : x_vdevs) claim_lines(planned);
  if (has_ram) {
    plan_boot();
    keep_reserved();
    place_windows();
  }
  if (x_sink.count(Severity::error) != errors_before) return std::nullopt;

  x_plan.memory_bytes = x_ram.bytes;
  x_plan.boot = x_boot.boot;
  x_plan.blobs = x_boot.blobs;
  x_plan.dryrun = x_vm.dryrun;
  collect_maps();
  x_plan.policy = policy_of(x_vdevs, x_plan);
  collect_vmhost();
  collect_domain();
  return std::move(x_plan);
}

}  // namespace

std::optional<VmPlan> build(const config::VmConfig& vm, const std::string& name, const HostFacts& host,
                            const config::SourceSet& sources, config::DiagnosticSink& sink,
                            const HostQueries& queries, const std::vector<SetRegion>& set) {
  return Builder(vm, name, host, sources, sink, queries, set).run();
}

}  // namespace qvm::plan
