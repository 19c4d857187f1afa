// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedDisk;

namespace {

struct Disk {
  HostDevice device;
  const CheckedVm* vm = nullptr;
};

bool writes(const HostDevice& device) {
  return device.direction != HostDevice::Direction::input;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The disk that "/dev/hd0t131", "/dev/sda1" or "/dev/nvme0n1p2" is a part of; "" for others.
std::string whole_disk(std::string_view path) {
  if (!path.starts_with("/dev/") || !is_digit(path.back())) return {};
  const auto after = std::find_if_not(path.rbegin(), path.rend(), is_digit).base();
  std::string_view stem = path.substr(0, static_cast<std::size_t>(after - path.begin()));
  const std::string_view name = stem.substr(stem.rfind('/') + 1);
  // A number before the letter: QNX's and NVMe's disks are numbered themselves.
  if (name.size() > 2 && (name.back() == 't' || name.back() == 'p') && is_digit(name[name.size() - 2]))
    return std::string(stem.substr(0, stem.size() - 1));
  return name.starts_with("sd") || name.starts_with("vd") ? std::string(stem) : std::string();
}

class CheckerE06 {
 public:
  explicit CheckerE06(DiagnosticSink& sink) : x_sink(sink) {}

  void add(const Disk& disk, const std::string& key, const std::string& path) {
    const std::string whole = whole_disk(path);
    if (const auto same = x_disks.find(key); same != x_disks.end()) {
      report(disk, same->second,
             fmt::format("'{}' is the disk of another virtio-blk already", disk.device.path));
    } else if (const auto all = x_disks.find(whole); !whole.empty() && all != x_disks.end()) {
      report(disk, all->second,
             fmt::format("'{}' is a part of '{}', another virtio-blk's", disk.device.path,
                         all->second.device.path));
    } else if (const auto part = x_parts.find(path); part != x_parts.end()) {
      report(disk, part->second,
             fmt::format("'{}' contains '{}', another virtio-blk's", disk.device.path,
                         part->second.device.path));
    }
    x_disks.try_emplace(key, disk);
    // A partition is found by the path of its disk, whatever the host knows of it.
    if (key != path) x_disks.try_emplace(path, disk);
    if (!whole.empty()) x_parts.try_emplace(whole, disk);
  }

 private:
  void report(const Disk& disk, const Disk& other, std::string message) {
    if (!writes(disk.device) && !writes(other.device)) return;
    const bool both = writes(disk.device) && writes(other.device);
    Diagnostic diagnostic =
        finding(kSharedDisk, disk.device.where, std::move(message),
                both ? "give each a disk or partition of its own, or write '<' before the path for "
                       "reading only"
                     : "what one writes, the other does not see reliably");
    if (!both) diagnostic.severity = Severity::warning;
    diagnostic.notes.push_back(
        {other.device.where, fmt::format("in VM '{}', {}", other.vm->name,
                                         writes(other.device) ? "for writing" : "for reading")});
    x_sink.add(std::move(diagnostic));
  }

  std::map<std::string, Disk, std::less<>> x_disks;
  std::map<std::string, Disk, std::less<>> x_parts;  // by the disk that they are a part of
  DiagnosticSink& x_sink;
};

void check_e06(const RuleInput& input, DiagnosticSink& sink) {
  CheckerE06 checker(sink);
  for (const CheckedVm& vm : input.vms) {
    for (const HostDevice& device : host_devices_of(vm.model)) {
      if (device.vdev->type != "virtio-blk" || !device.is_file()) continue;
      const std::string path = host_file_of(device, vm, input);
      if (path.empty()) continue;
      const auto facts = input.reader.facts(path);
      checker.add({device, &vm}, facts && !facts->identity.empty() ? facts->identity : path, path);
    }
  }
}

}  // namespace

const Rule kSharedDisk{.id = "E06",
                       .severity = Severity::error,
                       .title = "disk of two guests that write it",
                       .documentation =
                           "Two guests that write one disk destroy its contents, for none knows what the "
                           "other keeps in memory. A disk "
                           "and one of its partitions count as one. With one reader it is a warning.",
                       .wrong = {"system left\nram 64M\nvdev virtio-blk hostdev disk.img\n",
                                 "system right\nram 64M\nvdev virtio-blk hostdev disk.img\n"},
                       .right = {"system left\nram 64M\nvdev virtio-blk hostdev disk.img\n",
                                 "system right\nram 64M\nvdev virtio-blk hostdev other.img\n"},
                       .check = check_e06};

}  // namespace qvm::config
