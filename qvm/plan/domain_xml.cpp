// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/domain_xml.h"

#include <fmt/format.h>

#include <cassert>
#include <pugixml.hpp>
#include <sstream>

namespace qvm::plan {
namespace {

constexpr const char* kQemuNamespace = "http://libvirt.org/schemas/domain/qemu/1.0";

class DomainWriter {
 public:
  explicit DomainWriter(const DomainInput& input) : x_input(input), x_plan(input.plan) {}

  std::string run();

 private:
  bool kvm() const { return x_plan.host.acceleration == HostFacts::Acceleration::kvm; }
  void add_processors();
  void add_boot();
  void add_processor_model();
  void add_clock();
  void add_lifecycle();
  void add_devices();
  void add_security_label();
  void add_command_line();
  void add_elements(pugi::xml_node parent);

  const DomainInput& x_input;
  const VmPlan& x_plan;
  pugi::xml_document x_document;
  pugi::xml_node x_domain;
};

pugi::xml_node add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  pugi::xml_node node = parent.append_child(name);
  node.text().set(text.c_str());
  return node;
}

void DomainWriter::add_processors() {
  pugi::xml_node vcpu = x_domain.append_child("vcpu");
  vcpu.append_attribute("placement") = "static";
  // With one CPU at most TCG leaves the atomicity out of locked instructions, and regions are shared with
  // others.
  const bool spare = !kvm() && x_plan.vcpus < 2;
  if (spare) vcpu.append_attribute("current") = x_plan.vcpus;
  vcpu.text().set(spare ? 2u : x_plan.vcpus);
  pugi::xml_node tuning;
  for (std::size_t i = 0; i < x_plan.affinity.size(); ++i) {
    if (x_plan.affinity[i].empty()) continue;
    if (!tuning) tuning = x_domain.append_child("cputune");
    pugi::xml_node pin = tuning.append_child("vcpupin");
    pin.append_attribute("vcpu") = static_cast<unsigned>(i);
    pin.append_attribute("cpuset") = x_plan.affinity[i].c_str();
  }
}

void DomainWriter::add_boot() {
  pugi::xml_node os = x_domain.append_child("os");
  pugi::xml_node type = add_text(os, "type", "hvm");
  type.append_attribute("arch") = x_plan.board ? "aarch64" : "x86_64";
  type.append_attribute("machine") = std::string(x_input.machine.name).c_str();
  // A board has no firmware: our boot code starts the image.
  if (x_plan.board) return;
  if (!x_plan.host.firmware_path.empty()) {
    pugi::xml_node loader = add_text(os, "loader", x_plan.host.firmware_path);
    loader.append_attribute("readonly") = "yes";
    loader.append_attribute("type") = "rom";
  }
  add_text(os, "kernel", x_plan.boot.kernel);
  if (!x_plan.boot.initrd.empty()) add_text(os, "initrd", x_plan.boot.initrd);
  if (!x_plan.boot.cmdline.empty()) add_text(os, "cmdline", x_plan.boot.cmdline);
}

void DomainWriter::add_processor_model() {
  pugi::xml_node features = x_domain.append_child("features");
  if (!x_plan.board) {
    features.append_child("acpi");
    features.append_child("apic");
  }
  add_elements(features);
  pugi::xml_node cpu = x_domain.append_child("cpu");
  if (kvm()) {
    cpu.append_attribute("mode") = "host-passthrough";
    cpu.append_attribute("check") = "none";
    if (x_plan.board) return;
    // Some hosts offer this register but refuse to set it, and QEMU ends there; guests do without.
    pugi::xml_node feature = cpu.append_child("feature");
    feature.append_attribute("policy") = "disable";
    feature.append_attribute("name") = "arch-capabilities";
  } else if (x_plan.board) {
    cpu.append_attribute("mode") = "custom";
    cpu.append_attribute("match") = "exact";
    add_text(cpu, "model", "cortex-a57").append_attribute("fallback") = "forbid";
  } else {
    cpu.append_attribute("mode") = "maximum";
  }
}

void DomainWriter::add_elements(pugi::xml_node parent) {
  for (const auto& [element, pci] : x_input.elements) {
    if (element.parent != parent.name() || (element.kvm_only && !kvm())) continue;
    const pugi::xml_parse_result parsed = parent.append_buffer(element.xml.data(), element.xml.size());
    assert(parsed && "a vdev's plan made XML that does not parse");
    static_cast<void>(parsed);
    if (!element.pci) continue;
    pugi::xml_node address = parent.last_child().append_child("address");
    address.append_attribute("type") = "pci";
    for (const char* const part : {"domain", "bus"}) address.append_attribute(part) = 0;
    address.append_attribute("slot") = pci.device;
    address.append_attribute("function") = pci.function;
    if (pci.multifunction()) address.append_attribute("multifunction") = "on";
  }
}

void DomainWriter::add_clock() {
  pugi::xml_node clock = x_domain.append_child("clock");
  clock.append_attribute("offset") = "utc";
  add_elements(clock);
}

// A guest that resets has ended, as under QNX's qvm; whether it is started again is the daemon's affair.
void DomainWriter::add_lifecycle() {
  for (const char* event : {"on_poweroff", "on_reboot", "on_crash"}) add_text(x_domain, event, "destroy");
}

void DomainWriter::add_devices() {
  pugi::xml_node devices = x_domain.append_child("devices");
  pugi::xml_node usb = devices.append_child("controller");
  usb.append_attribute("type") = "usb";
  usb.append_attribute("model") = "none";
  add_elements(devices);
  // How a guest kernel tells that it has panicked; found through ACPI, out of the way at port 0x505.
  if (!x_plan.board) devices.append_child("panic").append_attribute("model") = "isa";
  devices.append_child("memballoon").append_attribute("model") = "none";
}

void DomainWriter::add_security_label() {
  if (!x_plan.host.uid) return;
  pugi::xml_node label = x_domain.append_child("seclabel");
  label.append_attribute("type") = "static";
  label.append_attribute("model") = "dac";
  // Nobody's files change their owner because a VM reads them.
  label.append_attribute("relabel") = "no";
  add_text(label, "label",
           fmt::format("+{}:+{}", *x_plan.host.uid, x_plan.host.gid.value_or(*x_plan.host.uid)));
}

void DomainWriter::add_command_line() {
  std::vector<std::string> words;
  const auto add = [&](std::string option, std::string value) {
    words.push_back(std::move(option));
    words.push_back(std::move(value));
  };
  if (!x_plan.vmhost_json.empty()) {
    add("-plugin", fmt::format("file={},config={}",
                               qemu_option_value(x_plan.host.plugin_directory + "/libqvm-vmhost.so"),
                               qemu_option_value(x_plan.vmhost_json_path)));
  }
  for (const auto& [option, value] : x_input.arguments) add(option, value);
  if (!x_plan.acpi_table.empty()) add("-acpitable", "file=" + qemu_option_value(x_plan.acpi_table_path));
  for (const std::string& path : x_plan.boot.acpi_tables)
    add("-acpitable", "file=" + qemu_option_value(path));
  for (const Blob& blob : x_plan.blobs) {
    const std::string file = qemu_option_value(blob.path);
    add("-device", blob.elf ? fmt::format("loader,file={}", file)
                            : fmt::format("loader,file={},addr={:#x},force-raw=on", file, blob.address));
  }
  if (x_plan.board && !x_plan.board->code.empty()) {
    add("-device", fmt::format("loader,file={},addr={:#x},cpu-num=0,force-raw=on",
                               qemu_option_value(x_plan.board->code_path), x_plan.board->address));
  }
  if (words.empty()) return;
  pugi::xml_node command_line = x_domain.append_child("qemu:commandline");
  for (const std::string& word : words) {
    command_line.append_child("qemu:arg").append_attribute("value") = word.c_str();
  }
}

std::string DomainWriter::run() {
  x_domain = x_document.append_child("domain");
  x_domain.append_attribute("type") = kvm() ? "kvm" : "qemu";
  x_domain.append_attribute("xmlns:qemu") = kQemuNamespace;
  add_text(x_domain, "name", x_plan.name);
  pugi::xml_node memory = add_text(x_domain, "memory", std::to_string(x_plan.memory_bytes >> 10));
  memory.append_attribute("unit") = "KiB";
  if (x_input.shared_memory) {
    pugi::xml_node backing = x_domain.append_child("memoryBacking");
    backing.append_child("source").append_attribute("type") = "memfd";
    backing.append_child("access").append_attribute("mode") = "shared";
  }
  add_processors();
  add_boot();
  add_processor_model();
  add_clock();
  add_lifecycle();
  add_devices();
  add_security_label();
  add_command_line();
  std::ostringstream text;
  x_document.save(text, "  ", pugi::format_indent | pugi::format_no_declaration);
  return text.str();
}

}  // namespace

std::string build_domain_xml(const DomainInput& input) {
  return DomainWriter(input).run();
}

std::string qemu_option_value(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == ',') result += c;
  }
  return result;
}

}  // namespace qvm::plan
