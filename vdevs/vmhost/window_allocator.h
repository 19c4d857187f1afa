// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where in a VM's region window a control page and its data go. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace qvm::vmhost {

inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kHugePageBytes = std::uint64_t{2} << 20;

// Places of one window. A released place rests: it is not used again for kRest unless nothing else has room,
// and not more than kMaxResting places rest (the oldest stops), so that neither time nor memory grows with
// use. Not thread-safe.
class WindowAllocator {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Place {
    std::uint64_t address = 0;  // of the control page
    std::uint64_t bytes = 0;    // control page and data
    bool operator==(const Place&) const = default;
  };

  static constexpr std::chrono::milliseconds kRest{250};
  static constexpr std::size_t kMaxResting = 64;

  // address and length: multiples of kPageBytes.
  WindowAllocator(std::uint64_t address, std::uint64_t length);

  // The lowest place with room for a control page and data_bytes (a multiple of kPageBytes, not 0) directly
  // after it, the data on a kHugePageBytes boundary if they are that long. nullopt: no room.
  std::optional<Place> allocate(std::uint64_t data_bytes, Time now);
  // place: as allocate returned it.
  void release(const Place& place, Time now);

 private:
  struct Resting {
    Place place;
    Time since;
  };
  std::optional<Place> find(std::uint64_t data_bytes, bool avoid_resting) const;

  std::uint64_t x_start;
  std::uint64_t x_end;
  std::vector<Place> x_used;      // sorted by address, disjoint
  std::deque<Resting> x_resting;  // oldest first; disjoint from x_used
};

}  // namespace qvm::vmhost
