// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/pci-dummy/config_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/language/numbers.h"

namespace qvm::vdevs {
namespace {

// A run of bytes of the space.
struct Register {
  std::string_view name;
  std::size_t offset;
  std::size_t bytes;
};

// The names of QNX's documentation at the places of the PCI Local Bus Specification.
constexpr std::array<Register, 9> kNamed{{{"Vendor_ID", 0x00, 2},
                                          {"Device_ID", 0x02, 2},
                                          {"Revision_ID", 0x08, 1},
                                          {"Class_Code[0]", 0x09, 1},
                                          {"Class_Code[1]", 0x0a, 1},
                                          {"Class_Code[2]", 0x0b, 1},
                                          {"Header_Type", 0x0e, 1},
                                          {"Sub_Vendor_ID", 0x2c, 2},
                                          {"Sub_System_ID", 0x2e, 2}}};
// What of a host's device says which one it is. The rest is its state, or leads to what the dummy has not.
constexpr std::array<Register, 3> kIdentity{
    {{"numbers", 0x00, 4}, {"revision and class", 0x08, 4}, {"subsystem", 0x2c, 4}}};
// What a guest follows to something that is not there.
constexpr std::array<Register, 3> kPromises{{{"a base address", 0x10, 24},
                                             {"the address of an expansion ROM", 0x30, 4},
                                             {"the interrupt pin", 0x3d, 1}}};

constexpr std::size_t kHeaderType = 0x0e;
constexpr std::uint8_t kLayoutMask = 0x7f;  // of the header type
constexpr std::uint16_t kQnx = 0x1c05;
constexpr std::uint8_t kNoClass = 0xff;  // a device that fits none of the defined classes

class Space {
 public:
  Space(const PlanInput& input, config::DiagnosticSink& sink) : x_input(input), x_sink(sink) {
    store(0x00, 2, kQnx);
    store(0x0b, 1, kNoClass);
  }

  std::string run() {
    for (const config::Option& option : x_input.vdev.options) {
      if (option.arguments.empty()) continue;
      if (option.name == "clone") clone(option.arguments.front());
      if (option.name == "reg") set(option.arguments.front());
    }
    if (byte(0) == 0xff && byte(1) == 0xff) {
      add_finding(x_sink, config::Severity::error, kDeviceRule, x_input.vdev.where,
                  "vendor 0xffff stands for no device: a guest would not find it",
                  "give another 'Vendor_ID'");
    }
    return std::move(x_bytes);
  }

 private:
  std::uint8_t byte(std::size_t offset) const { return static_cast<std::uint8_t>(x_bytes[offset]); }
  void store(std::size_t offset, std::size_t bytes, std::uint64_t value) {
    for (std::size_t i = 0; i < bytes; ++i) x_bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
  }
  void refuse(const config::SourceRange& where, std::string message, std::string help) {
    add_finding(x_sink, config::Severity::error, kDeviceRule, where, std::move(message), std::move(help));
  }

  void clone(const config::Argument& argument) {
    const auto* location = std::get_if<config::Location>(&argument.value);
    if (location == nullptr || location->space != config::Location::Space::pci) {
      return refuse(argument.where, fmt::format("'{}' names no PCI device of the host", argument.text),
                    "write 'clone pci:VID/DID[/INDEX]' or 'clone pci:BUS:DEV[.FUNC]'");
    }
    if (!x_input.read_host_pci) {
      return refuse(argument.where, "the PCI devices of the host are not known here", "use 'reg' instead");
    }
    const auto header = x_input.read_host_pci(location->pci);
    if (!header)
      return refuse(argument.where, header.error().message(),
                    "name one of those, or give the registers with 'reg'");
    const auto layout = static_cast<std::uint8_t>(header->bytes[kHeaderType]) & kLayoutMask;
    if (layout != 0) {
      return refuse(
          argument.where,
          fmt::format("{} of the host is a bridge: a guest would look for a bus behind it", header->address),
          "clone a device that is none, or give the registers with 'reg'");
    }
    for (const Register& part : kIdentity)
      x_bytes.replace(part.offset, part.bytes, header->bytes, part.offset, part.bytes);
  }

  // The linter has seen the form.
  void set(const config::Argument& argument) {
    const std::string_view text = argument.text;
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view place = text.substr(0, equals);
    const auto value =
        config::parse_number(text.substr(std::min(equals + 1, text.size())), config::NumberKind::plain);
    std::optional<Register> found;
    const auto named =
        std::find_if(kNamed.begin(), kNamed.end(), [&](const Register& one) { return one.name == place; });
    if (named != kNamed.end()) {
      found = *named;
    } else if (const std::size_t slash = place.find('/'); slash != std::string_view::npos) {
      const auto offset = config::parse_number(place.substr(0, slash), config::NumberKind::plain);
      const auto bytes = config::parse_number(place.substr(slash + 1), config::NumberKind::plain);
      if (offset && bytes) found = Register{place, offset->value, bytes->value};
    }
    if (!found || !value) {
      return refuse(argument.where, fmt::format("'{}' is no register with a value", text),
                    "write OFFSET/SIZE=VALUE or NAME=VALUE, as in 0/4=0xffff or Vendor_ID=0x1c05");
    }
    set(*found, value->value, argument.where);
  }

  void set(const Register& at, std::uint64_t value, const config::SourceRange& where) {
    if (at.offset >= kPciConfigBytes || at.bytes > kPciConfigBytes - at.offset) {
      return refuse(where, fmt::format("the register '{}' is not in the configuration space", at.name),
                    fmt::format("machine '{}' has a conventional PCI bus: a function has {:#x} bytes of it",
                                x_input.machine.name, kPciConfigBytes));
    }
    if (at.bytes < sizeof value && value >> (8 * at.bytes) != 0) {
      return refuse(where,
                    fmt::format("{:#x} does not fit into the {} byte{} of '{}'", value, at.bytes,
                                at.bytes == 1 ? "" : "s", at.name),
                    fmt::format("its largest value is {:#x}", (std::uint64_t{1} << (8 * at.bytes)) - 1));
    }
    store(at.offset, at.bytes, value);
    if ((byte(kHeaderType) & kLayoutMask) != 0) {
      refuse(where,
             fmt::format("a header of type {:#x} belongs to a bridge, and there is no bus behind this one",
                         byte(kHeaderType) & kLayoutMask),
             "the header types of other devices are 0 and 0x80");
      store(kHeaderType, 1, 0);
    }
    for (const Register& promise : kPromises) {
      if (at.offset >= promise.offset + promise.bytes || promise.offset >= at.offset + at.bytes) continue;
      const auto first = x_bytes.begin() + static_cast<std::ptrdiff_t>(promise.offset);
      if (std::all_of(first, first + static_cast<std::ptrdiff_t>(promise.bytes),
                      [](char c) { return c == 0; }))
        continue;
      add_finding(x_sink, config::Severity::warning, kDeviceRule, where,
                  fmt::format("the guest reads {} at '{}', and nothing is behind it", promise.name, at.name),
                  "the device has no memory, no ports and no interrupt: leave it 0");
    }
  }

  const PlanInput& x_input;
  config::DiagnosticSink& x_sink;
  std::string x_bytes = std::string(kPciConfigBytes, '\0');
};

}  // namespace

std::string dummy_config_space(const PlanInput& input, config::DiagnosticSink& sink) {
  return Space(input, sink).run();
}

}  // namespace qvm::vdevs
