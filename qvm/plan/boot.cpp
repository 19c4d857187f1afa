// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"
#include "qvm/plan/image_format.h"
#include "vdevs/host_path.h"

namespace qvm::plan {
namespace {

using config::Load;
using vdevs::is_xml_text;

constexpr std::uint64_t kFirmwareStart = 0xe0000;
constexpr std::uint64_t kBiosAreaEnd = 0x100000;

class BootPlanner {
 public:
  BootPlanner(const config::VmConfig& vm, const RamLayout& ram, const HostFacts& host,
              const HostQueries& queries, config::DiagnosticSink& sink)
      : x_vm(vm), x_ram(ram), x_host(host), x_queries(queries), x_sink(sink) {}

  BootPlan run();

 private:
  void take(const Load& load);
  void take_image(const Load& load);
  void take_initrd(const Load& load);
  void take_data(const Load& load);
  bool take_bios_pages(const Load& load, std::uint64_t length);
  void join_bios_pages();
  void check_overlaps();
  std::string path_of(const Load& load);
  void error(const config::SourceRange& where, std::string message, std::string help) {
    report(x_sink, config::Severity::error, kBootRule, where, std::move(message), std::move(help));
  }

  const config::VmConfig& x_vm;
  const RamLayout& x_ram;
  const HostFacts& x_host;
  const HostQueries& x_queries;
  config::DiagnosticSink& x_sink;
  BootPlan x_plan;
  const Load* x_image = nullptr;
  const Load* x_initrd = nullptr;
  std::vector<std::pair<Blob, const Load*>> x_blobs;
};

std::string BootPlanner::path_of(const Load& load) {
  return checked_path(load, x_host, x_sink).value_or("");
}

void BootPlanner::take_image(const Load& load) {
  x_plan.boot.kernel = path_of(load);
  if (x_queries.read_head && !x_plan.boot.kernel.empty()) {
    if (const auto head = x_queries.read_head(x_plan.boot.kernel)) {
      const ImageFormat format = sniff_image(*head);
      if (!is_bootable(format)) {
        error(load.where, fmt::format("'{}' cannot be started: it is {}", load.path, describe(format)),
              "the machine starts multiboot images (32-bit ELF), ELF images with a PVH note and Linux "
              "bzImages");
      }
    }
  }
  if (load.address) {
    report(x_sink, config::Severity::warning, kBootRule, load.where,
           fmt::format("the address {:#x} has no effect: the image is loaded where its format says",
                       *load.address),
           "leave the address out");
  }
}

void BootPlanner::take_initrd(const Load& load) {
  if (x_initrd != nullptr) {
    config::Diagnostic finding;
    finding.rule = kBootRule;
    finding.where = load.where;
    finding.message = "a second initial ramdisk: the machine hands only one to its guest";
    finding.notes.push_back({x_initrd->where, "the first one is here"});
    finding.help = "join them into one file: concatenated cpio archives are one archive";
    x_sink.add(std::move(finding));
    return;
  }
  x_initrd = &load;
  x_plan.boot.initrd = path_of(load);
  if (load.address) {
    report(x_sink, config::Severity::warning, kBootRule, load.where,
           fmt::format("the address {:#x} has no effect: the firmware places the initial ramdisk",
                       *load.address),
           "leave the address out");
  }
}

void BootPlanner::take_data(const Load& load) {
  if (!load.address) {
    error(load.where, fmt::format("'{}' needs an address", load.path), "write 'data load ADDRESS,PATH'");
    return;
  }
  const std::uint64_t length = std::max<std::uint64_t>(load.size, 1);
  const bool rom = x_ram.is_rom(*load.address, length);
  if (!rom && !x_ram.is_ram(*load.address, length)) {
    std::string help =
        fmt::format("RAM is 0x0..0x9ffff, 0x100000..{:#x}{}", x_ram.low_end - 1,
                    x_ram.high_end == 0 ? "" : fmt::format(" and 0x100000000..{:#x}", x_ram.high_end - 1));
    for (const OwnedRange& piece : x_ram.roms) help += ", rom " + describe_range(piece.start, piece.length);
    error(load.where,
          fmt::format("'{}' does not fit into the machine's {} at {}", load.path,
                      x_ram.roms.empty() ? "RAM" : "memory", describe_range(*load.address, load.size)),
          std::move(help));
    return;
  }
  if (rom && *load.address < kBiosAreaEnd && !take_bios_pages(load, length)) return;
  x_blobs.emplace_back(Blob{path_of(load), *load.address, load.size}, &load);
}

// The firmware works in the upper half of the area, and SeaBIOS copies the option ROM that starts the image
// into the lower half; the small firmware leaves that half alone.
bool BootPlanner::take_bios_pages(const Load& load, std::uint64_t length) {
  const std::uint64_t start = *load.address / vdevs::kPage * vdevs::kPage;
  const std::uint64_t end = (*load.address + length + vdevs::kPage - 1) / vdevs::kPage * vdevs::kPage;
  if (x_host.firmware_path.empty() || end > kFirmwareStart) {
    error(
        load.where,
        fmt::format("'{}' cannot be loaded at {}: the machine's firmware works there", load.path,
                    describe_range(*load.address, length)),
        x_host.firmware_path.empty()
            ? "install the small firmware qboot.rom, with which 0xc0000 to 0xdffff are free; or load the "
              "file into "
              "a 'rom' above the RAM"
            : fmt::format(
                  "the BIOS area is free from 0xc0000 to {:#x}; or load the file into a 'rom' above the RAM",
                  kFirmwareStart - 1));
    return false;
  }
  for (std::uint64_t page = start; page < end; page += vdevs::kPage) {
    const auto same = [page](const OwnedRange& one) { return one.start == page; };
    if (std::any_of(x_plan.bios_pages.begin(), x_plan.bios_pages.end(), same)) continue;
    OwnedRange range;
    range.kind = MemoryRange::Kind::rom;
    range.start = page;
    range.length = vdevs::kPage;
    range.owner = "rom";
    range.where = load.where;
    x_plan.bios_pages.push_back(std::move(range));
  }
  return true;
}

// One piece of memory for neighbours.
void BootPlanner::join_bios_pages() {
  std::vector<OwnedRange>& pages = x_plan.bios_pages;
  std::sort(pages.begin(), pages.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.start < b.start; });
  std::vector<OwnedRange> joined;
  for (OwnedRange& page : pages) {
    if (!joined.empty() && joined.back().end() == page.start) {
      joined.back().length += page.length;
    } else {
      joined.push_back(std::move(page));
    }
  }
  pages = std::move(joined);
}

void BootPlanner::take(const Load& load) {
  if (&load == x_image) return take_image(load);
  switch (load.blob) {
    case Load::Blob::initrd:
      return take_initrd(load);
    case Load::Blob::data:
      return take_data(load);
    case Load::Blob::acpi:
      x_plan.boot.acpi_tables.push_back(path_of(load));
      return;
    case Load::Blob::fdt:
      return error(load.where, "a device tree cannot be given to an x86 guest", "leave 'fdt load' out");
    case Load::Blob::guest:
    case Load::Blob::automatic:
      break;
  }
  if (load.blob == Load::Blob::automatic && load.address) return take_data(load);
  error(load.where, fmt::format("'{}' is a second image: the machine starts only one", load.path),
        "write 'initrd load PATH' or 'data load ADDRESS,PATH' for a file that goes with it");
}

void BootPlanner::check_overlaps() {
  std::stable_sort(x_blobs.begin(), x_blobs.end(),
                   [](const auto& a, const auto& b) { return a.first.address < b.first.address; });
  for (std::size_t i = 1; i < x_blobs.size(); ++i) {
    const auto& [before, before_load] = x_blobs[i - 1];
    const auto& [blob, load] = x_blobs[i];
    if (before.address + before.length <= blob.address) continue;
    config::Diagnostic finding;
    finding.rule = "B02";
    finding.where = load->where;
    finding.message = fmt::format("'{}' at {} overlaps '{}'", load->path,
                                  describe_range(blob.address, blob.length), before_load->path);
    finding.notes.push_back({before_load->where, "the other file is loaded here"});
    x_sink.add(std::move(finding));
  }
}

BootPlan BootPlanner::run() {
  x_image = choose_image(x_vm, x_sink);
  for (const Load& load : x_vm.loads) take(load);
  check_overlaps();
  join_bios_pages();
  for (auto& [blob, load] : x_blobs) x_plan.blobs.push_back(std::move(blob));
  if (x_vm.cmdline) {
    x_plan.boot.cmdline = x_vm.cmdline->value;
    if (!is_xml_text(x_vm.cmdline->value)) {
      error(x_vm.cmdline->where, "the command line is not UTF-8 text or has control characters",
            "libvirt carries it in XML, which allows neither");
    }
  }
  return std::move(x_plan);
}

}  // namespace

const Load* choose_image(const config::VmConfig& vm, config::DiagnosticSink& sink) {
  for (const Load::Blob kind : {Load::Blob::guest, Load::Blob::automatic}) {
    for (const Load& load : vm.loads) {
      if (load.blob == kind) return &load;
    }
  }
  report(sink, config::Severity::error, kBootRule, vm.where, "the VM has nothing to start",
         "add 'load PATH' with a kernel image");
  return nullptr;
}

std::optional<std::string> checked_path(const Load& load, const HostFacts& host,
                                        config::DiagnosticSink& sink) {
  std::string path = vdevs::absolute_path(host.working_directory, load.path);
  if (is_xml_text(path)) return path;
  report(sink, config::Severity::error, kBootRule, load.where,
         "a file name that is not UTF-8 text or has control characters cannot be given to libvirt",
         "rename the file");
  return std::nullopt;
}

BootPlan plan_boot(const config::VmConfig& vm, const RamLayout& ram, const HostFacts& host,
                   const HostQueries& queries, config::DiagnosticSink& sink) {
  return BootPlanner(vm, ram, host, queries, sink).run();
}

}  // namespace qvm::plan
