// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-blk`: a disk that is a file or a block device of the host, byte for byte.
#include <fmt/format.h>

#include <optional>
#include <pugixml.hpp>
#include <string>

#include "config/manifest/host_map.h"
#include "config/model/options.h"
#include "vdevs/host_target.h"
#include "vdevs/plan.h"
#include "vdevs/virtio.h"

namespace qvm::vdevs {
namespace {

constexpr VirtioNumbers kBlockNumbers{.modern = 0x1042, .transitional = 0x1001};

// "vda" to "vdz", "vdaa" …
std::string disk_name(unsigned ordinal) {
  constexpr unsigned kLetters = 26;
  std::string letters;
  for (unsigned rest = ordinal + 1; rest > 0; rest = (rest - 1) / kLetters)
    letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % kLetters));
  return "vd" + letters;
}

std::optional<DiskFact> disk_of(const PlanInput& input, config::DiagnosticSink& sink) {
  const config::Argument* hostdev = config::find_argument(input.vdev.options, "hostdev");
  const auto refuse = [&](std::string message) -> std::optional<DiskFact> {
    add_finding(sink, config::Severity::error, kDeviceRule,
                hostdev != nullptr ? hostdev->where : input.vdev.where, std::move(message),
                "write 'hostdev FILE', or 'hostdev <FILE' for reading only");
    return std::nullopt;
  };
  if (hostdev == nullptr) return refuse("a disk needs a file or a block device of the host");
  const config::HostPath split = config::split_host_path(hostdev->text);
  const std::string path(split.path);
  if (path.empty() || hostdev->text.front() == '>')
    return refuse(fmt::format("'{}' cannot be a disk", hostdev->text));
  const auto target = find_host_target(input, path, hostdev->where);
  if (!target) return refuse(target.error().message());
  if (target->mapped && target->text == "-")
    return refuse(fmt::format("the VM's console stands for '{}'", path));
  auto file = host_file(input, target->text);
  if (!file) return refuse(file.error().message());
  DiskFact disk;
  disk.path = std::move(*file);
  disk.name = disk_name(input.ordinal);
  disk.writable = hostdev->text.front() != '<';
  const config::Argument* direct = config::find_argument(input.vdev.options, "dio");
  disk.direct = direct != nullptr && direct->text == "enable";
  disk.where = hostdev->where;
  return disk;
}

DomainElement disk_element(const PlanInput& input, const DiskFact& disk) {
  pugi::xml_document document;
  pugi::xml_node node = document.append_child("disk");
  node.append_attribute("type") = "file";
  node.append_attribute("device") = "disk";
  node.append_attribute("model") = virtio_model(input);
  pugi::xml_node driver = node.append_child("driver");
  driver.append_attribute("name") = "qemu";
  driver.append_attribute("type") = "raw";
  driver.append_attribute("cache") = disk.direct ? "none" : "writeback";
  node.append_child("source").append_attribute("file") = disk.path.c_str();
  pugi::xml_node target = node.append_child("target");
  target.append_attribute("dev") = disk.name.c_str();
  target.append_attribute("bus") = "virtio";
  if (!disk.writable) node.append_child("readonly");
  return virtio_element(input, document);
}

VdevPlan plan_virtio_blk(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan.disk = disk_of(input, sink);
  const bool placed = request_virtio(input, kBlockNumbers, plan, sink);
  if (placed && plan.disk) plan.domain.push_back(disk_element(input, *plan.disk));
  return plan;
}

}  // namespace

const ShippedVdev kVirtioBlkVdev{"virtio-blk", plan_virtio_blk};

}  // namespace qvm::vdevs
