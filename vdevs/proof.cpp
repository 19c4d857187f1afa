// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/proof.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace qvm::vdevs {
namespace {

using nlohmann::json;

constexpr std::size_t kConfigurationSpace = 256;
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
  std::string digits = "051c0200000000000000800600000000";
  digits.resize(2 * kConfigurationSpace, '0');
  return digits;
}

json vdev(config::Architecture architecture, const ProofPlaces& places) {
  const bool board = architecture == config::Architecture::aarch64;
  return {{"id", "proof"},
          {"type", "wdt-sp805"},
          {"object", places.plugin_directory + "/vdev-wdt-sp805.so"},
          {"place", "proof"},
          {"loc", {{"space", "memory"}, {"address", kLoc}, {"length", kProofPage}}},
          {"interrupt", {{"controller", board ? "gic" : "ioapic"}, {"line", board ? 77 : 21}}},
          {"window", {{"address", kWindow}, {"length", kWindowBytes}}}};
}

std::string vmhost_json(config::Architecture architecture, const ProofPlaces& places) {
  json root = {{"version", 1}, {"vm", "proof"}};
  root["vdevs"] = json::array({vdev(architecture, places)});
  root["pci_functions"] =
      json::array({{{"id", "proof"}, {"place", "proof"}, {"config", configuration_space()}}});
  root["memory"] = json::array({{{"place", "proof"}, {"address", kMemory}, {"length", kProofPage}}});
  if (architecture == config::Architecture::aarch64) {
    root["placed"] = json::array({{{"serial", "proof"},
                                   {"addresses", json::array({0x1c200000})},
                                   {"line", 78},
                                   {"title", "serial port"},
                                   {"place", "proof"}}});
  }
  return root.dump();
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
