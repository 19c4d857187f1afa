// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/host_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "vdevs/host_path.h"
#include "vdevs/host_target.h"

namespace qvm::vdevs {
namespace {

constexpr const char* kForms =
    "possible are '-' (console), '>-' (console without input), '<FILE', '>FILE', 'FILE', '/dev/DEVICE', "
    "'/dev/ptyp0' (a terminal for programs) and '\">|COMMAND\"'";

// One end of what the guest reads or writes.
struct End {
  enum class Kind { none, console, file, terminal, command };
  Kind kind = Kind::none;
  std::string text;  // absolute path, or the command
  config::SourceRange where;
  config::SourceRange named;  // where the path is written: here or in the host map
};

// QNX's names for the end of a pseudo terminal that qvm opens; Linux had the same: /dev/ptyXY.
bool is_terminal_master(std::string_view path) {
  constexpr std::string_view kPrefix = "/dev/pty";
  constexpr std::string_view kSeries = "pqrstuvwxyzabcde";
  return path.starts_with(kPrefix) && path.size() > kPrefix.size() + 1 &&
         kSeries.find(path[kPrefix.size()]) != std::string_view::npos &&
         path.find('/', kPrefix.size()) == std::string_view::npos;
}

class Planner {
 public:
  Planner(const PlanInput& input, config::DiagnosticSink& sink) : x_input(input), x_sink(sink) {}

  std::optional<HostSide> run() {
    bool any = false;
    for (const config::Option& option : x_input.vdev.options) {
      if (option.arguments.empty()) continue;
      if (option.name == "hostdev") {
        any = true;
        take_hostdev(option.arguments.front());
      } else if (option.name == "delayed") {
        const auto* seconds = std::get_if<std::uint64_t>(&option.arguments.front().value);
        x_delay = seconds == nullptr
                      ? Relay::kForever
                      : static_cast<std::uint32_t>(std::min<std::uint64_t>(*seconds, Relay::kForever - 1));
      } else if (option.name == "batch") {
        const auto* time = std::get_if<std::uint64_t>(&option.arguments.front().value);
        x_batch = static_cast<std::uint32_t>(std::min<std::uint64_t>(time == nullptr ? 0 : *time, kMaxBatch));
      }
    }
    if (x_failed) return std::nullopt;
    return any ? side() : HostSide{};
  }

 private:
  // Microseconds: a minute.
  static constexpr std::uint64_t kMaxBatch = 60'000'000;

  void refuse(const config::SourceRange& where, std::string message, const char* help = kForms) {
    x_failed = true;
    add_finding(x_sink, config::Severity::error, kDeviceRule, where, std::move(message), help);
  }

  void put(End& place, End end, const char* what) {
    if (place.kind != End::Kind::none)
      return refuse(end.where, fmt::format("a second 'hostdev' for {}: a device has one", what),
                    "leave one of them out, or write '<' for input and '>' for output before their paths");
    place = std::move(end);
  }

  void take_hostdev(const config::Argument& hostdev) {
    const bool in = !hostdev.text.starts_with('>');
    const bool out = !hostdev.text.starts_with('<');
    const std::string path = in && out ? hostdev.text : hostdev.text.substr(1);
    bool output_only = false;
    auto end = end_of(path, in && out, hostdev.where, output_only);
    if (!end) return;
    if (end->kind == End::Kind::command && in)
      return refuse(hostdev.where, "a command gets what the guest writes, it gives nothing",
                    "write \">|COMMAND\"");
    if (end->kind == End::Kind::terminal && !(in && out))
      return refuse(hostdev.where, "a terminal goes both ways", "leave '<' and '>' out");
    if (in && !output_only) put(x_in, *end, "input");
    if (out && !x_failed) put(x_out, std::move(*end), "output");
  }

  std::optional<End> end_of(const std::string& path, bool both, const config::SourceRange& where,
                            bool& output_only) {
    const auto refused = [&](std::string message) {
      refuse(where, std::move(message));
      return std::nullopt;
    };
    if (path.empty()) return refused("'<' and '>' need a path behind them");
    if (path.front() == '|') {
      if (path.find_first_not_of(" \t\n", 1) == std::string::npos) return refused("'|' without a command");
      if (!is_xml_text(path)) return refused("a command must be UTF-8 text without control characters");
      return End{End::Kind::command, path.substr(1), where, {}};
    }
    const auto target = find_host_target(x_input, path, where);
    if (!target) return refused(target.error().message());
    if (target->mapped ? target->text == "pty" : is_terminal_master(path))
      return End{End::Kind::terminal, {}, where, {}};
    if (target->text == "-") return End{End::Kind::console, {}, where, {}};
    auto file = host_file(x_input, target->text);
    if (!file) return refused(file.error().message());
    // Who maps a port to a file wants to have its output there.
    output_only = target->mapped && both && !file->starts_with("/dev/");
    return End{End::Kind::file, std::move(*file), where, target->where};
  }

  std::optional<HostSide> side() {
    if (x_out.kind == End::Kind::console) {
      if (x_in.kind == End::Kind::console) return HostSide{};
      if (x_in.kind == End::Kind::none) return HostSide{.kind = HostSide::Kind::console_output};
    } else if (x_in.kind == End::Kind::console) {
      refuse(x_in.where, "who types to the console sees what the guest writes: its output must go there, too",
             "write 'hostdev -' and nothing else");
      return std::nullopt;
    }
    const bool same = x_in.kind == End::Kind::file && x_in.text == x_out.text &&
                      x_out.kind == End::Kind::file && x_in.where == x_out.where;
    if (same && x_in.text.starts_with("/dev/") && !x_delay)
      return HostSide{.kind = HostSide::Kind::device,
                      .device = x_in.text,
                      .objects = {{HostObject::Kind::device, x_in.text, x_in.named}}};
    return relayed();
  }

  HostSide relayed() {
    const std::string stem = x_input.vm_directory + "/" + x_input.id;
    HostSide side{.kind = HostSide::Kind::relay, .log = x_out.kind == End::Kind::console};
    side.relay.vdev = x_input.id;
    side.relay.socket = stem + ".sock";
    side.relay.delay = x_delay;
    side.relay.batch_us = x_batch;
    if (x_in.kind == End::Kind::file) side.relay.input = x_in.text;
    if (x_out.kind == End::Kind::file) side.relay.output = x_out.text;
    if (x_in.kind == End::Kind::file) side.objects.push_back({HostObject::Kind::path, x_in.text, x_in.named});
    if (x_out.kind == End::Kind::file && x_out.text != side.relay.input)
      side.objects.push_back({HostObject::Kind::path, x_out.text, x_out.named});
    if (x_out.kind == End::Kind::terminal) side.relay.terminal = stem + ".tty";
    if (x_out.kind == End::Kind::command) {
      side.relay.command = x_out.text;
      side.relay.directory = x_input.working_directory;
    }
    return side;
  }

  const PlanInput& x_input;
  config::DiagnosticSink& x_sink;
  End x_in;
  End x_out;
  std::optional<std::uint32_t> x_delay;
  std::uint32_t x_batch = 0;
  bool x_failed = false;
};

void add_source(pugi::xml_node element, const char* type, const std::string& path) {
  element.prepend_attribute("type") = type;
  element.append_child("source").append_attribute("path") = path.c_str();
}

}  // namespace

std::optional<HostSide> plan_host_side(const PlanInput& input, config::DiagnosticSink& sink) {
  return Planner(input, sink).run();
}

void add_host_side(const PlanInput& input, const HostSide& side, VdevPlan& plan, pugi::xml_node element) {
  for (const HostObject& object : side.objects) plan.host_objects.push_back(object);
  ConsoleFact console;
  if (side.is_console()) console.log = fmt::format("{}/{}.log", input.log_directory, input.console_stem);
  switch (side.kind) {
    case HostSide::Kind::console:
      console.socket = fmt::format("{}/{}.sock", input.vm_directory, input.console_stem);
      add_source(element, "unix", console.socket);
      break;
    case HostSide::Kind::console_output:
      add_source(element, "file", console.log);
      element.child("source").append_attribute("append") = "off";
      break;
    case HostSide::Kind::device:
      add_source(element, "dev", side.device);
      break;
    case HostSide::Kind::relay:
      add_source(element, "unix", side.relay.socket);
      plan.relay = side.relay;
      break;
  }
  if (std::string_view(element.attribute("type").value()) == "unix") {
    element.child("source").prepend_attribute("mode") = "bind";
    if (side.is_console()) {
      pugi::xml_node log = element.append_child("log");
      log.append_attribute("file") = console.log.c_str();
      log.append_attribute("append") = "off";
    }
  }
  if (side.is_console()) plan.console = std::move(console);
}

}  // namespace qvm::vdevs
