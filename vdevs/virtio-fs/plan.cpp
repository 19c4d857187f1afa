// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev virtio-fs`: a directory of the host that the guest mounts. A process beside the VM's, virtiofsd,
// opens its files for the guest; it has to be root, and to reach the guest's memory.
#include <fmt/format.h>

#include <optional>
#include <pugixml.hpp>
#include <string>

#include "config/model/options.h"
#include "vdevs/host_path.h"
#include "vdevs/host_target.h"
#include "vdevs/plan.h"
#include "vdevs/virtio.h"

namespace qvm::vdevs {
namespace {

constexpr VirtioNumbers kFileSystemNumbers{.modern = 0x105a};
constexpr std::size_t kLongestTag = 36;

// nullopt after an error in sink.
std::optional<HostObject> directory_of(const PlanInput& input, const config::Argument& option,
                                       config::DiagnosticSink& sink) {
  const auto refuse = [&](std::string message) -> std::optional<HostObject> {
    add_finding(sink, config::Severity::error, kDeviceRule, option.where, std::move(message),
                "write 'host_path DIRECTORY'");
    return std::nullopt;
  };
  const auto target = find_host_target(input, option.text, option.where);
  if (!target) return refuse(target.error().message());
  auto path = host_file(input, target->text);
  if (!path) return refuse(path.error().message());
  if (input.is_directory && !input.is_directory(*path))
    return refuse(fmt::format("there is no directory '{}' on this host", *path));
  return HostObject{HostObject::Kind::path, std::move(*path), target->where};
}

DomainElement filesystem_element(const PlanInput& input, const std::string& path, const std::string& tag) {
  pugi::xml_document document;
  pugi::xml_node node = document.append_child("filesystem");
  node.append_attribute("type") = "mount";
  node.append_attribute("accessmode") = "passthrough";
  node.append_child("driver").append_attribute("type") = "virtiofs";
  if (const config::Argument* direct = config::find_argument(input.vdev.options, "directio");
      direct != nullptr) {
    const bool* value = std::get_if<bool>(&direct->value);
    if (value != nullptr && *value)
      node.append_child("binary").append_child("cache").append_attribute("mode") = "none";
  }
  node.append_child("source").append_attribute("dir") = path.c_str();
  node.append_child("target").append_attribute("dir") = tag.c_str();
  return virtio_element(input, document);
}

VdevPlan plan_virtio_fs(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  const bool placed = request_virtio(input, kFileSystemNumbers, plan, sink);
  if (!input.privileged) {
    add_finding(
        sink, config::Severity::error, kDeviceRule, input.vdev.where,
        "only root can show a guest a directory of the host",
        "the process that opens files for the guest has to be root: run qvm as root, or put the files "
        "on a disk, 'vdev virtio-blk'");
    return plan;
  }
  const config::Argument* host_path = config::find_argument(input.vdev.options, "host_path");
  const config::Argument* tag = config::find_argument(input.vdev.options, "tag");
  if (host_path == nullptr || tag == nullptr) {
    add_finding(sink, config::Severity::error, kDeviceRule, input.vdev.where,
                "a shared directory needs 'host_path DIRECTORY' and 'tag NAME'", "");
    return plan;
  }
  if (tag->text.empty() || tag->text.size() > kLongestTag || !is_xml_text(tag->text)) {
    add_finding(sink, config::Severity::error, kDeviceRule, tag->where,
                fmt::format("a tag has 1 to {} bytes of text", kLongestTag), "");
    return plan;
  }
  auto directory = directory_of(input, *host_path, sink);
  if (!placed || !directory) return plan;
  plan.shared_memory = true;
  plan.domain.push_back(filesystem_element(input, directory->name, tag->text));
  plan.host_objects.push_back(std::move(*directory));
  return plan;
}

}  // namespace

const ShippedVdev kVirtioFsVdev{"virtio-fs", plan_virtio_fs};

}  // namespace qvm::vdevs
