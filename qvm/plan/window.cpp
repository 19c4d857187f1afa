// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "qvm/plan/finding.h"
#include "qvm/plan/machine_pc.h"
#include "qvm/regions/model/access.h"
#include "vdevs/plan.h"

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

// Places of windows of these lengths, in their order; nullopt: they do not all fit.
std::optional<std::vector<std::uint64_t>> place_all(const std::vector<std::uint64_t>& lengths,
                                                    const AddressMap& map, const std::vector<Area>& areas) {
  Placer placer(map, areas);
  std::vector<std::uint64_t> starts;
  for (const std::uint64_t length : lengths) {
    const auto start = placer.place(length);
    if (!start) return std::nullopt;
    starts.push_back(*start);
  }
  return starts;
}

// Whole pieces of the smallest size.
std::uint64_t at_least(std::uint64_t size, std::uint64_t wanted) {
  return std::max(size, (wanted + kSmallest - 1) / kSmallest * kSmallest);
}

// Whether a guest with this policy can attach to the host-wide name, by whatever name of its own.
bool can_reach(const regions::VdevPolicy& policy, const std::string& name) {
  const auto reaches = [&](const std::string& own) {
    return regions::judge_name(policy.rules, own).allowed &&
           regions::substitute(policy.substitutions, own) == name;
  };
  return reaches(name) ||
         std::any_of(
             policy.substitutions.begin(), policy.substitutions.end(), [&](const regions::Substitution& one) {
               return name.starts_with(one.prefix) && reaches(one.match + name.substr(one.prefix.size()));
             });
}

}  // namespace

WindowLength window_length(std::uint64_t needed, const std::optional<regions::VdevPolicy>& policy,
                           const std::vector<SetRegion>& set) {
  WindowLength length{needed, needed};
  if (!policy) return length;
  for (const SetRegion& region : set) {
    const auto own =
        std::find_if(policy->creates.begin(), policy->creates.end(), [&](const regions::CreateSpec& create) {
          return regions::substitute(policy->substitutions, create.name) == region.name;
        });
    const std::uint64_t whole = vdevs::window_bytes(region.bytes);
    if (own != policy->creates.end()) {
      // Needed anyway; but somebody may have made it larger before.
      length.wished += whole - std::min(whole, vdevs::window_bytes(own->bytes));
    } else if (can_reach(*policy, region.name)) {
      length.wished += whole;
    }
  }
  return length;
}

std::optional<std::vector<std::uint64_t>> place_windows(const std::vector<WindowLength>& wanted,
                                                        const AddressMap& map, const RamLayout& ram,
                                                        std::vector<std::uint64_t>& lengths) {
  const std::vector<Area> low = {{std::max(ram.low_end, kQuietStart), kPciStart},
                                 {ram.low_end, kQuietStart},
                                 {std::max(ram.low_end, kPciStart), kHoleEnd}};
  std::vector<Area> anywhere = low;
  anywhere.push_back({std::max(ram.high_end, kFourGiB), kTop});
  lengths.clear();
  for (const WindowLength& one : wanted)
    lengths.push_back(at_least(kLargest, std::max(one.wished, one.needed)));
  if (auto starts = place_all(lengths, map, low)) return starts;
  for (const std::vector<Area>& areas : {low, anywhere}) {
    for (std::uint64_t size = kLargest; size >= kSmallest; size /= 2) {
      lengths.clear();
      for (const WindowLength& one : wanted) lengths.push_back(at_least(size, one.needed));
      if (auto starts = place_all(lengths, map, areas)) return starts;
    }
  }
  return std::nullopt;
}

void tell_what_does_not_fit(std::uint64_t window, const std::optional<regions::VdevPolicy>& policy,
                            const std::vector<SetRegion>& set, const config::SourceRange& where,
                            config::DiagnosticSink& sink) {
  for (const SetRegion& region : set) {
    if (!policy || vdevs::window_bytes(region.bytes) <= window || !can_reach(*policy, region.name)) continue;
    report(sink, config::Severity::info, "plan-memory", where,
           fmt::format("region '{}' of {:#x} bytes does not fit into the window of {:#x} bytes: attaching to "
                       "it fails with "
                       "status 2",
                       region.name, region.bytes, window),
           "a guest of 64 bits reaches one above its RAM and 4 GiB: 'window ADDRESS,LENGTH'");
  }
}

}  // namespace qvm::plan
