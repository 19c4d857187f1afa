// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDiskFormat;

namespace {

constexpr std::uint64_t kSector = 512;

void check_e20(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const HostDevice& device : host_devices_of(vm.model)) {
      if (device.vdev->type != "virtio-blk" || !device.is_file()) continue;
      const std::string path = host_file_of(device, vm, input);
      if (path.empty()) continue;
      const auto facts = input.reader.facts(path);
      if (!facts || !facts->regular || !facts->readable) continue;
      const auto head = input.reader.read_head(path, RememberingReader::kHeadBytes);
      const Image image = head ? recognise(*head) : Image{};
      if (image.format == Image::Format::disk_qcow2 || image.format == Image::Format::compressed) {
        sink.add(finding(kDiskFormat, device.where,
                         fmt::format("'{}' is {}, not a raw disk", device.path, to_string(image.format)),
                         image.format == Image::Format::disk_qcow2 ? "convert it with qemu-img convert -O raw"
                                                                   : "unpack it"));
      } else if (facts->size % kSector != 0) {
        sink.add(finding(
            kDiskFormat, device.where,
            fmt::format("disk '{}' of {} bytes does not end with a whole sector", device.path, facts->size),
            fmt::format("its size should be a multiple of {}: the rest is lost to the guest", kSector)));
      }
    }
  }
}

}  // namespace

const Rule kDiskFormat{.id = "E20",
                       .severity = Severity::warning,
                       .title = "disk whose file is no raw disk",
                       .documentation =
                           "virtio-blk hands the bytes of its file to the guest as they are. A guest does "
                           "not understand other formats, and "
                           "writes what makes them useless for those who do.",
                       .wrong = {"system left\nram 64M\nvdev virtio-blk hostdev disk.qcow2\n"},
                       .right = {"system left\nram 64M\nvdev virtio-blk hostdev disk.img\n"},
                       .check = check_e20};

}  // namespace qvm::config
