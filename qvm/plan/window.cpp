// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/window.h"

#include <algorithm>
#include <bit>

#include "qvm/plan/machine_pc.h"

namespace qvm::plan {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{256} << 20;
constexpr std::uint64_t kSmallest = std::uint64_t{1} << 20;
// Firmware and guests give addresses to PCI devices from the end of RAM upwards or from 0xe0000000 upwards:
// between these two is the quietest part of the hole. It ends below the machine's own devices.
constexpr std::uint64_t kQuietStart = 0x80000000;
constexpr std::uint64_t kPciStart = 0xe0000000;
constexpr std::uint64_t kHoleEnd = 0xfec00000;
constexpr std::uint64_t kTop = std::uint64_t{1} << 39;

struct Area {
  std::uint64_t start;
  std::uint64_t end;
};

class Placer {
 public:
  Placer(const AddressMap& map, std::vector<Area> areas) : x_map(map), x_areas(std::move(areas)) {}

  std::optional<std::uint64_t> place(std::uint64_t length) {
    const std::uint64_t alignment = std::bit_ceil(length);
    for (const Area& area : x_areas) {
      std::uint64_t at = (area.start + alignment - 1) / alignment * alignment;
      for (; at < area.end && length <= area.end - at; at += alignment) {
        if (!x_map.is_free(at, length) || !is_untaken(at, length)) continue;
        x_taken.push_back({at, at + length});
        return at;
      }
    }
    return std::nullopt;
  }

 private:
  bool is_untaken(std::uint64_t start, std::uint64_t length) const {
    return std::none_of(x_taken.begin(), x_taken.end(),
                        [&](const Area& area) { return start < area.end && area.start < start + length; });
  }

  const AddressMap& x_map;
  std::vector<Area> x_areas;
  std::vector<Area> x_taken;
};

}  // namespace

std::optional<std::vector<std::uint64_t>> place_windows(const std::vector<std::uint64_t>& minimum,
                                                        const AddressMap& map, const RamLayout& ram,
                                                        std::vector<std::uint64_t>& lengths) {
  const std::vector<Area> low = {{std::max(ram.low_end, kQuietStart), kPciStart},
                                 {ram.low_end, kQuietStart},
                                 {std::max(ram.low_end, kPciStart), kHoleEnd}};
  std::vector<Area> anywhere = low;
  anywhere.push_back({std::max(ram.high_end, kFourGiB), kTop});
  for (const std::vector<Area>& areas : {low, anywhere}) {
    for (std::uint64_t size = kLargest; size >= kSmallest; size /= 2) {
      Placer placer(map, areas);
      std::vector<std::uint64_t> starts;
      lengths.clear();
      for (const std::uint64_t wanted : minimum) {
        lengths.push_back(std::max(size, (wanted + kSmallest - 1) / kSmallest * kSmallest));
        const auto start = placer.place(lengths.back());
        if (!start) break;
        starts.push_back(*start);
      }
      if (starts.size() == minimum.size()) return starts;
    }
  }
  return std::nullopt;
}

}  // namespace qvm::plan
