// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev gic`: the interrupt controller of an ARM machine, which is there even if nobody writes it.
#include <fmt/format.h>

#include <optional>

#include "config/model/options.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

// GIC architecture: sizes of the frames. A redistributor has two of 64 KiB.
constexpr std::uint64_t kDistributorV2 = 0x1000;
constexpr std::uint64_t kCpuInterface = 0x2000;
constexpr std::uint64_t kDistributorV3 = 0x10000;
constexpr std::uint64_t kRedistributor = 0x20000;
// GICv2 architecture: a target of an interrupt is a bit of a byte.
constexpr unsigned kMostCpusV2 = 8;

// Where ARM's Foundation model has them, and QNX's gic by default.
constexpr std::uint64_t kDefaultCpuInterface = 0x2c000000;
constexpr std::uint64_t kDefaultRedistributors = 0x2f100000;

class GicPlanner {
 public:
  GicPlanner(const PlanInput& input, config::DiagnosticSink& sink) : x_input(input), x_sink(sink) {}

  VdevPlan run();

 private:
  std::optional<unsigned> version();
  std::optional<unsigned> version_there();
  std::optional<unsigned> written_version();
  // What there is to choose from, where it is the kernel's.
  std::optional<KvmGics> kernel_has() const;
  struct Frame {
    std::uint64_t address = 0;
    config::SourceRange where;
  };
  Frame frame(const char* option, std::uint64_t otherwise) const;
  bool stays(const Frame& wanted, std::uint64_t there, const char* option);

  const PlanInput& x_input;
  config::DiagnosticSink& x_sink;
};

std::optional<KvmGics> GicPlanner::kernel_has() const {
  if (!x_input.machine.fixed_controller || !x_input.find_kvm_gics) return std::nullopt;
  return x_input.find_kvm_gics();
}

std::optional<unsigned> GicPlanner::version() {
  const auto version = version_there();
  if (version != 2 || x_input.vcpus <= kMostCpusV2) return version;
  const config::Argument* written = config::find_argument(x_input.vdev.options, "version");
  add_finding(
      x_sink, config::Severity::error, kDeviceRule, written == nullptr ? x_input.vdev.where : written->where,
      fmt::format("a gic of version 2 serves {} CPUs, and this VM has {}", kMostCpusV2, x_input.vcpus),
      written_version() == 2 ? "write 'version 3', or leave CPUs out"
                             : "leave CPUs out, or start with '--accel tcg'");
  return std::nullopt;
}

// Of KVM there is what the kernel has.
std::optional<unsigned> GicPlanner::version_there() {
  const auto wanted = written_version();
  const auto there = kernel_has();
  if (!wanted || !there || (*wanted == 3 ? there->v3 : there->v2)) return wanted;
  const auto& options = x_input.vdev.options;
  const config::Argument* written = config::find_argument(options, "version");
  const bool any = there->v2 || there->v3;
  const bool free = written == nullptr && config::find_option(options, "gicc") == nullptr &&
                    config::find_option(options, "gicr") == nullptr;
  const unsigned other = *wanted == 3 ? 2 : 3;
  std::string message = fmt::format("this host's KVM has no gic of version {}", *wanted);
  const config::SourceRange& where = written == nullptr ? x_input.vdev.where : written->where;
  if (any && free) {
    add_finding(x_sink, config::Severity::info, kDeviceRule, where,
                message + fmt::format(": it is of version {}", other),
                "a guest that reads the device tree finds it; else start with '--accel tcg'");
    return other;
  }
  add_finding(x_sink, config::Severity::error, kDeviceRule, where, std::move(message),
              any ? fmt::format("write 'version {}', or start with '--accel tcg'", other)
                  : "start with '--accel tcg'");
  return std::nullopt;
}

std::optional<unsigned> GicPlanner::written_version() {
  const auto& options = x_input.vdev.options;
  const config::Argument* written = config::find_argument(options, "version");
  const bool v3_frames = config::find_option(options, "gicr") != nullptr;
  const bool v2_frames = config::find_option(options, "gicc") != nullptr;
  if (written == nullptr) return v2_frames && !v3_frames ? 2 : 3;
  const std::uint64_t* number = std::get_if<std::uint64_t>(&written->value);
  const std::uint64_t version = number == nullptr ? 0 : *number;
  if ((version == 3 && !v2_frames) || (version == 2 && !v3_frames)) return static_cast<unsigned>(version);
  if (version == 2 || version == 3) {
    const config::Option& frame = *config::find_option(options, version == 3 ? "gicc" : "gicr");
    add_finding(
        x_sink, config::Severity::error, kDeviceRule, frame.where,
        fmt::format("a gic of version {} has no such frame", version),
        version == 3 ? "leave 'gicc' out, or write 'version 2'" : "leave 'gicr' out, or write 'version 3'");
    return std::nullopt;
  }
  add_finding(x_sink, config::Severity::error, kDeviceRule, written->where,
              fmt::format("there is no gic of version '{}' here", written->text),
              "write 'version 3' or 'version 2'");
  return std::nullopt;
}

GicPlanner::Frame GicPlanner::frame(const char* option, std::uint64_t otherwise) const {
  const config::Argument* written = config::find_argument(x_input.vdev.options, option);
  if (written == nullptr) return {otherwise, x_input.vdev.where};
  const auto* location = std::get_if<config::Location>(&written->value);
  return {location == nullptr ? otherwise : location->address, written->where};
}

// In a kernel's own model nothing moves. False after an error.
bool GicPlanner::stays(const Frame& wanted, std::uint64_t there, const char* option) {
  if (wanted.address == there) return true;
  const bool written = config::find_option(x_input.vdev.options, option) != nullptr;
  add_finding(x_sink, written ? config::Severity::error : config::Severity::info, kDeviceRule, wanted.where,
              fmt::format("under KVM the kernel's gic stays at {:#x}, not at {:#x}", there, wanted.address),
              fmt::format("a guest that reads the device tree finds it: {}; else start with '--accel tcg'",
                          written ? fmt::format("leave '{}' out", option) : "nothing to do"));
  return !written;
}

VdevPlan GicPlanner::run() {
  VdevPlan plan;
  plan.controller_lines = x_input.machine.interrupt_lines;
  const auto version = this->version();
  if (!version) return plan;

  const bool v3 = *version == 3;
  const Machine& machine = x_input.machine;
  Frame distributor = frame("loc", x_input.vdev.location ? x_input.vdev.location->value.address : 0);
  Frame second = v3 ? frame("gicr", kDefaultRedistributors) : frame("gicc", kDefaultCpuInterface);
  if (const auto& fixed = machine.fixed_controller) {
    const std::uint64_t there = v3 ? fixed->redistributors : fixed->cpu_interface;
    if (!stays(distributor, fixed->distributor, "loc") || !stays(second, there, v3 ? "gicr" : "gicc"))
      return plan;
    distributor.address = fixed->distributor;
    second.address = there;
  }
  const std::uint64_t distributor_length = v3 ? kDistributorV3 : kDistributorV2;
  const std::uint64_t second_length = v3 ? kRedistributor * x_input.vcpus : kCpuInterface;
  plan.memory.push_back({distributor.address, distributor_length, distributor.where, std::nullopt});
  plan.memory.push_back({second.address, second_length, second.where, std::nullopt});
  plan.domain.push_back({"features", fmt::format(R"(<gic version="{}"/>)", *version)});
  if (!machine.fixed_controller) {
    plan.placements.push_back({.object_type = v3 ? "arm-gicv3-common" : "arm_gic_common",
                               .addresses = {distributor.address, second.address},
                               .where = distributor.where});
  }
  plan.node =
      DeviceNode{.compatible = {v3 ? "arm,gic-v3" : "arm,cortex-a15-gic"},
                 .ranges = {{distributor.address, distributor_length}, {second.address, second_length}},
                 // As many as a signal between CPUs can name at once.
                 .controller = DeviceNode::Controller{.cluster = v3 ? 16U : 8U, .names_cpus = !v3}};
  return plan;
}

VdevPlan plan_gic(const PlanInput& input, config::DiagnosticSink& sink) {
  return GicPlanner(input, sink).run();
}

}  // namespace

const ShippedVdev kGicVdev{"gic", plan_gic};

}  // namespace qvm::vdevs
