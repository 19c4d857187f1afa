// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vmhost.json: which vdevs a VM has and what the plan gave them. The format is described in docs/vmhost.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "qvm/base/result.h"
#include "vdevs/vmhost/address_range.h"
#include "vdevs/vmhost/machine_extras.h"

namespace qvm::vmhost {

struct OptionArgument {
  std::string text;
  // What the option table made of it.
  std::variant<std::monostate, bool, std::uint64_t> value;
  std::string place;  // "left.qvmconf:13:9", or empty
};

struct OptionUse {
  std::string name;
  std::vector<OptionArgument> args;
  std::string place;  // "left.qvmconf:13:3"
};

struct InterruptPin {
  std::string controller;
  std::uint32_t line = 0;
};

struct VdevConfig {
  std::string id;
  std::string type;
  std::string name;    // of the `name` option, or empty
  std::string object;  // absolute path of the shared object
  std::string place;
  std::optional<AddressRange> loc;  // guest-physical memory
  std::optional<PciConfig> pci;     // then neither loc nor interrupt
  std::optional<InterruptPin> interrupt;
  std::optional<AddressRange> window;
  std::string region_socket;
  std::vector<OptionUse> options;

  // "vdev shmem0 (left.qvmconf:12:6)", for messages.
  std::string title() const;
};

// A device of the machine's own that is to be somewhere else. Exactly one of the first three says which.
struct PlacedPart {
  std::string type;                      // of QEMU's, which the machine has one of
  std::string serial;                    // id of the character device behind a PL011
  std::string transport_of;              // id of a device on a virtio-mmio transport
  std::vector<std::uint64_t> addresses;  // of its ranges, in the model's order
  std::optional<std::uint32_t> line;     // INTID of its first interrupt
  bool legacy = false;                   // a transport shows the 0.9.5 draft of virtio
  std::string title;
  std::string place;

  // "vdev pl011-0 (board.qvmconf:3:5)", for messages.
  std::string full_title() const;
};

struct Config {
  std::string vm;
  std::vector<PlacedPart> placed;
  std::vector<VdevConfig> vdevs;
  MachineExtras extras;
};

// Fails with the key that is missing or of the wrong kind. Keys it does not know are for others.
Result<Config> parse_config(std::string_view text);
// The same for a file; every failure names it.
Result<Config> read_config(const std::string& path);

enum class NumberError { none, not_a_number, too_big };
// A number as an option gives it: decimal, 0x… or 0d…, with an optional suffix K, M or G.
NumberError parse_number(std::string_view text, std::uint64_t& value);

}  // namespace qvm::vmhost
