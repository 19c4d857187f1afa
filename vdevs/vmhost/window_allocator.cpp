// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/window_allocator.h"

#include <algorithm>

namespace qvm::vmhost {

namespace {

bool by_address(const WindowAllocator::Place& a, const WindowAllocator::Place& b) {
  return a.address < b.address;
}

bool overlap(const WindowAllocator::Place& a, const WindowAllocator::Place& b) {
  return a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

// The first control page address at or after `from` whose data are aligned as their length wants.
std::uint64_t align(std::uint64_t from, std::uint64_t data_bytes) {
  const std::uint64_t boundary = data_bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes;
  const std::uint64_t data = (from + kPageBytes + boundary - 1) / boundary * boundary;
  return data - kPageBytes;
}

}  // namespace

WindowAllocator::WindowAllocator(std::uint64_t address, std::uint64_t length)
    : x_start(address), x_end(address + length) {}

std::optional<WindowAllocator::Place> WindowAllocator::find(std::uint64_t data_bytes,
                                                            bool avoid_resting) const {
  std::vector<Place> taken = x_used;
  if (avoid_resting) {
    for (const Resting& resting : x_resting) taken.push_back(resting.place);
    std::sort(taken.begin(), taken.end(), by_address);
  }
  Place candidate{align(x_start, data_bytes), data_bytes + kPageBytes};
  for (const Place& place : taken) {
    if (overlap(candidate, place)) candidate.address = align(place.address + place.bytes, data_bytes);
  }
  if (candidate.address > x_end || x_end - candidate.address < candidate.bytes) return std::nullopt;
  return candidate;
}

std::optional<WindowAllocator::Place> WindowAllocator::allocate(std::uint64_t data_bytes, Time now) {
  if (data_bytes == 0 || data_bytes > x_end - x_start) return std::nullopt;
  while (!x_resting.empty() && now - x_resting.front().since >= kRest) x_resting.pop_front();
  auto place = find(data_bytes, true);
  if (!place) {
    place = find(data_bytes, false);
    if (!place) return std::nullopt;
    std::erase_if(x_resting, [&place](const Resting& resting) { return overlap(resting.place, *place); });
  }
  x_used.insert(std::upper_bound(x_used.begin(), x_used.end(), *place, by_address), *place);
  return place;
}

void WindowAllocator::release(const Place& place, Time now) {
  if (std::erase(x_used, place) == 0) return;
  x_resting.push_back({place, now});
  if (x_resting.size() > kMaxResting) x_resting.pop_front();
}

}  // namespace qvm::vmhost
