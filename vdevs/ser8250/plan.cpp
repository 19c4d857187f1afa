// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev ser8250`: a serial port of the machine, at one of the four places that PCs have. Its host side is a
// console of the VM (no hostdev, or `hostdev -`), a file (`hostdev >FILE`) or a character device (`hostdev
// /dev/…`).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <pugixml.hpp>
#include <sstream>

#include "vdevs/host_path.h"
#include "vdevs/shipped_plans.h"

namespace qvm::vdevs {
namespace {

constexpr const char* kRule = "plan-device";
constexpr std::uint32_t kPorts = 8;
constexpr std::uint32_t kIsaLines = 16;

struct StandardPort {
  std::uint32_t base;
  std::uint32_t line;
};
constexpr std::array<StandardPort, 4> kStandard = {{{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}}};

// The host side of the port.
struct HostSide {
  enum class Kind { console, output_console, file, device };
  Kind kind = Kind::console;
  std::string path;
};

std::optional<HostSide> host_side_of(const PlanInput& input, const config::Argument& hostdev,
                                     config::DiagnosticSink& sink) {
  const std::string& text = hostdev.text;
  const auto refuse = [&](std::string message) -> std::optional<HostSide> {
    add_finding(sink, config::Severity::error, kRule, hostdev.where, std::move(message),
                "possible here: '-' (console), '>-' (console without input), '>FILE', '/dev/DEVICE'");
    return std::nullopt;
  };
  if (text.empty()) return HostSide{};
  const bool output = text.front() == '>';
  std::string path = output ? text.substr(1) : text;
  if (text.front() == '<') return refuse("a serial port with input only is not possible here");
  if (path.empty()) return refuse("'>' without a file");
  const config::HostMapEntry* mapped = input.find_host_path ? input.find_host_path(path) : nullptr;
  if (mapped != nullptr) {
    if (mapped->kind != config::HostMapEntry::Kind::path)
      return refuse(fmt::format("network '{}' stands for '{}'", mapped->target.value, path));
    path = mapped->target.value;
  }
  if (path == "-") return output ? HostSide{HostSide::Kind::output_console, ""} : HostSide{};
  if (path.front() == '|') return refuse("output cannot be handed to a program here");
  const std::string absolute = absolute_path(input.working_directory, path);
  if (!is_xml_text(absolute)) return refuse("a file name must be UTF-8 text without control characters");
  if (absolute.rfind("/dev/", 0) == 0) return HostSide{HostSide::Kind::device, absolute};
  // Who maps a port to a file wants to have its output there.
  if (output || mapped != nullptr) return HostSide{HostSide::Kind::file, absolute};
  return refuse(fmt::format("'{}' is neither a device below /dev nor an output file", path));
}

// Which of the standard ports `loc` names, the first without it.
const StandardPort* port_of(const PlanInput& input, config::DiagnosticSink& sink) {
  const auto& location = input.vdev.location;
  if (!location) return &kStandard.front();
  const auto at = std::find_if(kStandard.begin(), kStandard.end(), [&](const StandardPort& port) {
    return location->value.space == config::Location::Space::io && location->value.address == port.base;
  });
  if (at != kStandard.end()) return &*at;
  add_finding(sink, config::Severity::error, kRule, location->where,
              "a serial port can only be at the ports 0x3f8, 0x2f8, 0x3e8 and 0x2e8",
              "write 'loc io:0x3f8' for the first, 'loc io:0x2f8' for the second");
  return nullptr;
}

std::string serial_xml(const PlanInput& input, const StandardPort& port, std::uint32_t line,
                       const HostSide& side, const ConsoleFact& console) {
  pugi::xml_document document;
  pugi::xml_node serial = document.append_child("serial");
  pugi::xml_node source = serial.append_child("source");
  const char* type = "file";
  switch (side.kind) {
    case HostSide::Kind::console: {
      type = "unix";
      source.append_attribute("mode") = "bind";
      source.append_attribute("path") = console.socket.c_str();
      pugi::xml_node log = serial.append_child("log");
      log.append_attribute("file") = console.log.c_str();
      log.append_attribute("append") = "off";
      break;
    }
    case HostSide::Kind::output_console:
      source.append_attribute("path") = console.log.c_str();
      source.append_attribute("append") = "off";
      break;
    case HostSide::Kind::file:
      source.append_attribute("path") = side.path.c_str();
      source.append_attribute("append") = "off";
      break;
    case HostSide::Kind::device:
      type = "dev";
      source.append_attribute("path") = side.path.c_str();
      break;
  }
  serial.prepend_attribute("type") = type;
  pugi::xml_node target = serial.append_child("target");
  target.append_attribute("type") = "isa-serial";
  target.append_attribute("port") = input.ordinal;
  pugi::xml_node address = serial.append_child("address");
  address.append_attribute("type") = "isa";
  address.append_attribute("iobase") = fmt::format("{:#x}", port.base).c_str();
  address.append_attribute("irq") = fmt::format("{:#x}", line).c_str();
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

std::optional<LineClaim> line_of(const PlanInput& input, const StandardPort& port,
                                 config::DiagnosticSink& sink) {
  if (input.vdev.interrupts.empty()) return LineClaim{port.line, input.vdev.where, std::nullopt};
  const auto& interrupt = input.vdev.interrupts.front();
  if (!interrupt.value.line || *interrupt.value.line >= kIsaLines) {
    add_finding(sink, config::Severity::error, kRule, interrupt.where,
                fmt::format("a serial port can only raise one of the lines 0..{}", kIsaLines - 1),
                fmt::format("its usual line is {}", port.line));
    return std::nullopt;
  }
  return LineClaim{*interrupt.value.line, interrupt.where, std::nullopt};
}

}  // namespace

VdevPlan plan_ser8250(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  std::optional<HostSide> side = HostSide{};
  const config::Option* first = nullptr;
  for (const config::Option& option : input.vdev.options) {
    if (option.name != "hostdev" || option.arguments.empty()) continue;
    if (first != nullptr) {
      add_finding(sink, config::Severity::error, kRule, option.where,
                  "a serial port has one host side here: a second 'hostdev' is not possible",
                  "leave one of them out");
      continue;
    }
    first = &option;
    side = host_side_of(input, option.arguments.front(), sink);
  }
  const StandardPort* port = port_of(input, sink);
  if (!side || port == nullptr) return plan;
  const auto line = line_of(input, *port, sink);
  if (!line) return plan;

  const bool placed = input.vdev.location && input.vdev.location->where.valid();
  plan.ports.push_back(
      {port->base, kPorts, placed ? input.vdev.location->where : input.vdev.where, std::nullopt});
  plan.lines.push_back(*line);
  ConsoleFact console;
  console.log = fmt::format("{}/{}.log", input.log_directory, input.console_stem);
  if (side->kind == HostSide::Kind::console) {
    console.socket = fmt::format("{}/{}.sock", input.vm_directory, input.console_stem);
  }
  plan.domain.push_back({"devices", serial_xml(input, *port, line->line, *side, console)});
  if (side->kind == HostSide::Kind::console || side->kind == HostSide::Kind::output_console) {
    plan.console = std::move(console);
  }
  return plan;
}

}  // namespace qvm::vdevs
