// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/proof.h"

#include <fmt/format.h>

#include "vdevs/vmhost/config.h"

namespace qvm::vdevs {
namespace {

constexpr std::uint64_t kWindow = 0x80000000;
constexpr std::uint64_t kWindowBytes = 0x10000000;
constexpr std::uint64_t kLoc = 0x1c050000;
constexpr std::uint64_t kMemory = 0x1c100000;
constexpr std::uint64_t kProofPage = 0x1000;

// An option's value has its commas twice.
std::string value(const std::string& text) {
  std::string doubled;
  for (const char c : text) doubled.append(c == ',' ? 2 : 1, c);
  return doubled;
}

// Vendor and device of a QNX board's, a bridge's class: what nobody looks at.
std::string configuration_space() {
  std::string bytes("\x05\x1c\x02\0\0\0\0\0\0\0\x80\x06", 12);
  bytes.resize(vmhost::kPciConfigBytes, '\0');
  return bytes;
}

std::string vmhost_json(config::Architecture architecture, const ProofPlaces& places) {
  const bool board = architecture == config::Architecture::aarch64;
  const std::string name = "proof";
  vmhost::Config config{.vm = name, .placed = {}, .vdevs = {}, .extras = {}};
  vmhost::VdevConfig& vdev = config.vdevs.emplace_back();
  vdev.id = name;
  vdev.type = "wdt-sp805";
  vdev.object = places.plugin_directory + "/vdev-wdt-sp805.so";
  vdev.place = name;
  vdev.loc = {.range = {kLoc, kProofPage}};
  vdev.interrupt = board ? vmhost::InterruptPin{"gic", 77} : vmhost::InterruptPin{"ioapic", 21};
  vdev.window = {kWindow, kWindowBytes};
  config.extras.pci_functions.push_back({name, name, {.fixed_space = configuration_space()}});
  config.extras.memory.push_back({name, {kMemory, kProofPage}});
  if (board)
    config.placed.push_back(
        {.serial = name, .addresses = {0x1c200000}, .line = 78, .title = "serial port", .place = name});
  return vmhost::to_json(config);
}

}  // namespace

ProofMachine proof_machine(config::Architecture architecture, ProofAccelerator accelerator,
                           const ProofPlaces& places) {
  const bool board = architecture == config::Architecture::aarch64;
  const bool kvm = accelerator == ProofAccelerator::kvm;
  ProofMachine proof;
  proof.vmhost_json = vmhost_json(architecture, places);
  proof.arguments = {
      "-no-user-config", "-nodefaults", "-display", "none", "-nic", "none", "-S", "-qmp", "stdio"};
  const auto add = [&](const char* option, const std::string& text) {
    proof.arguments.insert(proof.arguments.end(), {option, text});
  };
  add("-machine", board ? "virt" : "pc");
  // As every VM of ours has it: locked instructions are atomic against other processes.
  add("-accel", kvm ? "kvm" : "tcg,thread=multi");
  add("-smp", "1,maxcpus=2");
  add("-m", "64");
  if (board) {
    add("-cpu", kvm ? "host" : "max");
    add("-chardev", "null,id=proof");
    add("-serial", "chardev:proof");
  }
  add("-plugin", fmt::format("file={},config={}", value(places.plugin_directory + "/libqvm-vmhost.so"),
                             value(places.vmhost_json)));
  add("-device", "qvm-pci-proof,addr=0x1f");
  return proof;
}

}  // namespace qvm::vdevs
