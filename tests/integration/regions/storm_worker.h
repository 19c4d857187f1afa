// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Processes that come and go in a storm: host programs on libqvmshm with two threads on one handle, and
// stand-ins for the processes of VMs.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace qvm::regions {

inline constexpr unsigned kStormRegions = 4;
inline constexpr std::uint32_t kStormLives = 1U << 20;  // workers of one storm

// Shared by all processes of a storm. Each worker has a number of its own, from 1.
struct StormTable {
  enum State : std::uint8_t { never, alive, doomed };

  std::array<std::atomic<std::uint8_t>, kStormLives> state;
  std::atomic<std::uint64_t> attaches;
  std::atomic<std::uint64_t> refusals;
  // An index that two had at once, in the same memory: how often, and the last case.
  std::atomic<std::uint32_t> conflicts;
  std::atomic<std::uint32_t> conflict_index;
  std::atomic<std::uint32_t> conflict_old;
  std::atomic<std::uint32_t> conflict_new;
};

// At the start of each region of a storm: who has which index. A worker writes its number when it has
// attached and takes it away before it detaches.
struct StormSeats {
  std::array<std::atomic<std::uint32_t>, 16> worker;
  std::array<std::atomic<std::uint32_t>, 16> word;  // by index: what the residents say
};

inline std::string storm_region(unsigned number) {
  return "storm" + std::to_string(number);
}

// Takes the seat; counts a conflict if a worker that lives has it.
void take_seat(StormTable& table, StormSeats& seats, unsigned index, std::uint32_t worker);
void leave_seat(StormSeats& seats, unsigned index, std::uint32_t worker);

struct StormWorker {
  StormTable* table = nullptr;
  std::uint32_t number = 0;
  std::string runtime_directory;
  std::string vm;  // empty: a host program
};

// Attaches, signals and detaches until killed, or until `stop` in the table's process is closed (a pipe's
// read end). Never returns.
[[noreturn]] void run_storm_worker(const StormWorker& worker, int stop);

}  // namespace qvm::regions
