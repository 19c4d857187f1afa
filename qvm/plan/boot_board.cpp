// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/boot_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "qvm/plan/arm_image.h"
#include "qvm/plan/boot.h"
#include "qvm/plan/finding.h"
#include "qvm/plan/machine_virt.h"
#include "vdevs/host_path.h"

namespace qvm::plan {
namespace {

using config::Load;

constexpr std::uint64_t kBlock = 2 << 20;  // what Linux maps its image and its device tree by
// The device tree comes behind the boot code, in one block.
constexpr std::uint64_t kTreeOffset = vdevs::kPage;
static_assert(kTreeOffset + kMostTreeBytes <= kBlock);

std::string boot_code(std::uint64_t tree, std::uint64_t entry) {
  constexpr std::array<std::uint32_t, 6> kInstructions = {
      0x580000c0,  // ldr x0, tree
      0xaa1f03e1,  // mov x1, xzr
      0xaa1f03e2,  // mov x2, xzr
      0xaa1f03e3,  // mov x3, xzr
      0x58000084,  // ldr x4, entry
      0xd61f0080,  // br x4
  };
  std::string code;
  const auto append = [&code](std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) code += static_cast<char>(value >> (8 * i) & 0xff);
  };
  for (const std::uint32_t instruction : kInstructions) append(instruction, 4);
  append(tree, 8);
  append(entry, 8);
  return code;
}

class BoardBootPlanner {
 public:
  BoardBootPlanner(const config::VmConfig& vm, const RamLayout& ram, Board board, const HostFacts& host,
                   const HostQueries& queries, config::DiagnosticSink& sink)
      : x_vm(vm), x_ram(ram), x_board(std::move(board)), x_host(host), x_queries(queries), x_sink(sink) {
    // Not the guest's, but QEMU copies it there before it copies the rest.
    x_taken.push_back({machine_virt(host.acceleration).ram.base, kVirtOwnTree, nullptr});
  }

  BoardBootPlan run();

 private:
  struct Taken {
    std::uint64_t start;
    std::uint64_t length;
    const Load* load;  // nullptr: none of the user's
  };

  void take_image(const Load& load);
  void take_elf(const Load& load, const ArmImage& image);
  void take_flat(const Load& load, const ArmImage& image);
  void take_data(const Load& load);
  void take_initrd(const Load& load);
  void merge_tree(const Load& load);
  void finish();
  std::optional<ArmImage> read_image(const Load& load, const std::string& path);
  std::string path_of(const Load& load);
  bool claim(std::uint64_t start, std::uint64_t length, const Load& load);
  bool is_untaken(std::uint64_t start, std::uint64_t length) const;
  enum class From { bottom, top };
  std::optional<std::uint64_t> find_place(std::uint64_t length, std::uint64_t alignment, From from) const;
  void error(const config::SourceRange& where, std::string message, std::string help) {
    report(x_sink, config::Severity::error, kBootRule, where, std::move(message), std::move(help));
  }

  const config::VmConfig& x_vm;
  const RamLayout& x_ram;
  Board x_board;
  const HostFacts& x_host;
  const HostQueries& x_queries;
  config::DiagnosticSink& x_sink;
  BoardBootPlan x_plan;
  std::vector<Taken> x_taken;
  std::uint64_t x_entry = 0;
};

std::string BoardBootPlanner::path_of(const Load& load) {
  auto path = checked_path(load, x_host, x_sink);
  return path.value_or("");
}

bool BoardBootPlanner::is_untaken(std::uint64_t start, std::uint64_t length) const {
  return std::none_of(x_taken.begin(), x_taken.end(), [&](const Taken& taken) {
    return start < taken.start + taken.length && taken.start < start + length;
  });
}

// False after an error.
bool BoardBootPlanner::claim(std::uint64_t start, std::uint64_t length, const Load& load) {
  length = std::max<std::uint64_t>(length, 1);
  if (!x_ram.is_ram(start, length) && !x_ram.is_rom(start, length)) {
    std::string ram;
    for (const std::vector<OwnedRange>* ranges : {&x_ram.ranges, &x_ram.roms}) {
      for (const OwnedRange& range : *ranges)
        ram += (ram.empty() ? "" : ", ") + describe_range(range.start, range.length);
    }
    error(load.where,
          fmt::format("'{}' does not fit into the machine's memory at {}", load.path,
                      describe_range(start, length)),
          "memory is " + ram);
    return false;
  }
  for (const Taken& taken : x_taken) {
    if (start >= taken.start + taken.length || taken.start >= start + length) continue;
    config::Diagnostic finding;
    finding.rule = "B02";
    finding.where = load.where;
    finding.message =
        fmt::format("'{}' at {} overlaps {}", load.path, describe_range(start, length),
                    taken.load != nullptr ? fmt::format("'{}'", taken.load->path)
                                          : fmt::format("{}, where QEMU has a device tree of its own",
                                                        describe_range(taken.start, taken.length)));
    if (taken.load != nullptr) finding.notes.push_back({taken.load->where, "the other file is loaded here"});
    x_sink.add(std::move(finding));
    return false;
  }
  x_taken.push_back({start, length, &load});
  return true;
}

std::optional<std::uint64_t> BoardBootPlanner::find_place(std::uint64_t length, std::uint64_t alignment,
                                                          From from) const {
  length = std::max<std::uint64_t>(length, 1);
  std::vector<OwnedRange> ranges = x_ram.ranges;
  if (from == From::top) std::reverse(ranges.begin(), ranges.end());
  for (const OwnedRange& range : ranges) {
    if (range.length < length) continue;
    const std::uint64_t first = (range.start + alignment - 1) / alignment * alignment;
    const std::uint64_t last = (range.end() - length) / alignment * alignment;
    if (first > last) continue;
    for (std::uint64_t step = 0; step <= last - first; step += alignment) {
      const std::uint64_t at = from == From::bottom ? first + step : last - step;
      if (is_untaken(at, length)) return at;
    }
  }
  return std::nullopt;
}

std::optional<ArmImage> BoardBootPlanner::read_image(const Load& load, const std::string& path) {
  if (!x_queries.read_head) return ArmImage{};
  const auto head = x_queries.read_head(path);
  if (!head) return ArmImage{};  // C01 tells that it is not there
  auto image = read_arm_image(*head);
  if (image) return *image;
  error(load.where, fmt::format("'{}' cannot be started: {}", load.path, image.error().message()),
        "a board starts ELF images for aarch64, Linux's arm64 'Image', and raw images at their first byte");
  return std::nullopt;
}

void BoardBootPlanner::take_elf(const Load& load, const ArmImage& image) {
  if (load.address) {
    report(x_sink, config::Severity::warning, kBootRule, load.where,
           fmt::format("the address {:#x} has no effect: an ELF image is loaded where its headers say",
                       *load.address),
           "leave the address out");
  }
  for (const ArmImage::Segment& segment : image.segments) {
    if (!claim(segment.address, segment.length, load)) return;
  }
  x_entry = image.entry;
  x_plan.blobs.push_back({path_of(load), image.segments.front().address, load.size, true});
}

// Linux's Image, and what has no format that anybody knows.
void BoardBootPlanner::take_flat(const Load& load, const ArmImage& image) {
  const std::uint64_t length = std::max(image.length, load.size);
  std::optional<std::uint64_t> at = load.address;
  if (!at) {
    const auto place = find_place(image.offset + length, kBlock, From::bottom);
    if (!place) {
      return error(load.where,
                   fmt::format("'{}' needs {} bytes of RAM in one piece, beginning at a multiple of 2 MiB",
                               load.path, image.offset + length),
                   "give the VM more RAM");
    }
    at = *place + image.offset;
  }
  if (!claim(*at, length, load)) return;
  x_entry = *at;
  x_plan.blobs.push_back({path_of(load), *at, load.size});
}

void BoardBootPlanner::take_image(const Load& load) {
  const std::string path = path_of(load);
  if (path.empty()) return;
  x_plan.boot.kernel = path;
  const auto image = read_image(load, path);
  if (!image) return;
  if (image->kind == ArmImage::Kind::elf) return take_elf(load, *image);
  take_flat(load, *image);
}

void BoardBootPlanner::take_data(const Load& load) {
  std::optional<std::uint64_t> at = load.address;
  if (!at) at = find_place(load.size, vdevs::kPage, From::bottom);
  if (!at) return error(load.where, fmt::format("there is no room for '{}' in RAM", load.path), "");
  if (claim(*at, load.size, load)) x_plan.blobs.push_back({path_of(load), *at, load.size});
}

void BoardBootPlanner::take_initrd(const Load& load) {
  std::optional<std::uint64_t> at = load.address;
  if (!at) at = find_place(load.size, vdevs::kPage, From::top);
  if (!at)
    return error(load.where, fmt::format("there is no room for '{}' in RAM", load.path),
                 "give the VM more RAM");
  if (!claim(*at, load.size, load)) return;
  x_plan.boot.initrd = path_of(load);
  x_plan.blobs.push_back({x_plan.boot.initrd, *at, load.size});
  x_board.initrd = Board::Range{*at, load.size};
}

void BoardBootPlanner::merge_tree(const Load& load) {
  if (load.address) {
    report(x_sink, config::Severity::warning, kBootRule, load.where,
           fmt::format("the address {:#x} has no effect: the device tree is made part of the VM's own",
                       *load.address),
           "leave the address out");
  }
  const std::string path = path_of(load);
  const auto addition =
      x_queries.read_file && !path.empty() ? x_queries.read_file(path, kMostTreeBytes) : std::nullopt;
  if (!addition) {
    if (x_queries.read_file)
      error(load.where, fmt::format("'{}' cannot be read", load.path), "it has to be a device tree blob");
    return;
  }
  auto merged = merge_device_tree(x_plan.start.device_tree, *addition);
  if (!merged) {
    return error(
        load.where,
        fmt::format("'{}' cannot be made part of the device tree: {}", load.path, merged.error().message()),
        "compile overlays with 'dtc -@'; `qvm,vdev` must be the name of a vdev");
  }
  x_plan.start.device_tree = std::move(*merged);
}

void BoardBootPlanner::finish() {
  auto tree = build_device_tree(x_board);
  if (!tree) return error(x_vm.where, tree.error().message(), "");
  x_plan.start.device_tree = std::move(*tree);
  for (const Load& load : x_vm.loads) {
    if (load.blob == Load::Blob::fdt) merge_tree(load);
  }
  const auto place = find_place(kBlock, kBlock, From::top);
  if (!place) {
    return error(x_vm.where,
                 "there are no 2 MiB of RAM left for the device tree and the code that starts the image",
                 "give the VM more RAM");
  }
  x_plan.start.address = *place;
  x_plan.start.code = boot_code(*place + kTreeOffset, x_entry);
  x_plan.start.code.resize(kTreeOffset);
  x_plan.start.code += x_plan.start.device_tree;
}

BoardBootPlan BoardBootPlanner::run() {
  const std::size_t errors_before = x_sink.count(config::Severity::error);
  if (x_vm.cmdline) x_plan.boot.cmdline = x_board.cmdline = x_vm.cmdline->value;
  const Load* image = choose_image(x_vm, x_sink);
  const Load* initrd = nullptr;
  // What has a place goes first: the rest goes around it.
  for (const bool placed : {true, false}) {
    for (const Load& load : x_vm.loads) {
      if (&load == image || load.address.has_value() != placed) continue;
      switch (load.blob) {
        case Load::Blob::initrd:
          if (initrd != nullptr) {
            error(load.where, "a second initial ramdisk: the guest is told of only one",
                  "join them into one file: concatenated cpio archives are one archive");
            break;
          }
          initrd = &load;
          if (placed) take_initrd(load);
          break;
        case Load::Blob::data:
        case Load::Blob::automatic:
          take_data(load);
          break;
        case Load::Blob::acpi:
          error(load.where, "an ACPI table cannot be given to an ARM guest", "leave 'acpi load' out");
          break;
        case Load::Blob::guest:
          error(load.where, fmt::format("'{}' is a second image: the machine starts only one", load.path),
                "write 'data load ADDRESS,PATH' for a file that goes with it");
          break;
        case Load::Blob::fdt:
          break;
      }
    }
    if (placed && image != nullptr) take_image(*image);
  }
  if (initrd != nullptr && !initrd->address) take_initrd(*initrd);
  const bool has_controller = std::any_of(
      x_board.nodes.begin(), x_board.nodes.end(),
      [](const BoardNode& node) { return node.node.controller.has_value(); });  // else that is an error
  if (has_controller && x_sink.count(config::Severity::error) == errors_before) finish();
  std::stable_sort(x_plan.blobs.begin(), x_plan.blobs.end(),
                   [](const Blob& a, const Blob& b) { return a.address < b.address; });
  return std::move(x_plan);
}

}  // namespace

BoardBootPlan plan_board_boot(const config::VmConfig& vm, const RamLayout& ram, Board board,
                              const HostFacts& host, const HostQueries& queries,
                              config::DiagnosticSink& sink) {
  return BoardBootPlanner(vm, ram, std::move(board), host, queries, sink).run();
}

}  // namespace qvm::plan
