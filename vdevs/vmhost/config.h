// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vmhost.json: which vdevs a VM has and what the plan gave them. Written by the plan, read by
// libqvm-vmhost.so; described in vdevs/vmhost/config_fields.h and, for people, in docs/vmhost.md.
//
// Only vdevs that a plugin emulates are in it. Who may use which region is not: that is between the daemon
// and the region manager.
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
  std::string text{};
  // What the option table made of it; neither: it is a text.
  std::variant<std::monostate, bool, std::uint64_t> value{};
  std::string place{};  // "left.qvmconf:13:9", or empty

  bool operator==(const OptionArgument&) const = default;
};

struct OptionUse {
  std::string name{};
  std::vector<OptionArgument> args{};
  std::string place{};  // "left.qvmconf:13:3"

  bool operator==(const OptionUse&) const = default;
};

struct InterruptPin {
  std::string controller{};  // type of its vdev
  std::uint32_t line = 0;    // up to 65535

  bool operator==(const InterruptPin&) const = default;
};

// Where a vdev's registers are.
struct Location {
  enum class Space { memory, io };  // vmhost has no devices at ports
  Space space = Space::memory;
  AddressRange range{};

  bool operator==(const Location&) const = default;
};

struct VdevConfig {
  std::string id{};  // unique within the VM
  std::string type{};
  std::string name{};    // of the `name` option, or empty
  std::string object{};  // absolute path of the shared object
  std::string place{};   // "left.qvmconf:12:6"
  std::optional<Location> loc{};
  std::optional<PciConfig> pci{};  // then neither loc nor interrupt
  std::optional<InterruptPin> interrupt{};
  std::vector<InterruptPin> interrupts{};  // all, if there are several; else none
  std::optional<AddressRange> window{};    // room for regions
  std::string region_socket{};             // empty: it uses no regions
  std::vector<OptionUse> options{};        // in the configuration's order

  // "vdev shmem0 (left.qvmconf:12:6)", for messages.
  std::string title() const;
  bool operator==(const VdevConfig&) const = default;
};

// A device of the machine's own that is to be somewhere else. Exactly one of the first three says which.
struct PlacedPart {
  std::string type{};                      // of QEMU's, which the machine has one of
  std::string serial{};                    // id of the character device behind a PL011
  std::string transport_of{};              // id of a device on a virtio-mmio transport
  std::vector<std::uint64_t> addresses{};  // of its ranges, in the model's order
  std::optional<std::uint32_t> line{};     // INTID of its first interrupt
  bool legacy = false;                     // a transport shows the 0.9.5 draft of virtio
  std::string title{};
  std::string place{};

  // "vdev pl011-0 (board.qvmconf:3:5)", for messages.
  std::string full_title() const;
  bool operator==(const PlacedPart&) const = default;
};

struct Config {
  std::string vm;
  std::vector<PlacedPart> placed;
  std::vector<VdevConfig> vdevs;
  MachineExtras extras;

  // There is nothing for vmhost to do.
  bool empty() const { return placed.empty() && vdevs.empty() && extras.empty(); }
};

// Bytes that are not UTF-8 become replacement characters.
std::string to_json(const Config& config);

// Fails with the place in the text that is missing, of the wrong kind or out of bounds: "vdevs[0].loc: …".
// Keys it does not know are for others.
Result<Config> parse_config(std::string_view text);
// The same for a file; every failure names it.
Result<Config> read_config(const std::string& path);

enum class NumberError { none, not_a_number, too_big };
// A number as an option gives it: decimal, 0x… or 0d…, with an optional suffix K, M or G.
NumberError parse_number(std::string_view text, std::uint64_t& value);

}  // namespace qvm::vmhost
