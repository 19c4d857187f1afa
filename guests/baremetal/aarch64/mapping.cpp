// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The tables that boot.S has begun: 512 GiB 1:1, all of it devices but for what map_memory() was told of.
#include <cstddef>

#include "guests/baremetal/machine.h"

extern "C" std::uint64_t page_directory[512];

namespace guest {
namespace {

constexpr std::uint64_t kReach = 512ull << 30;
constexpr std::uint64_t kPage = 4096;
constexpr unsigned kLastLevel = 3;
constexpr std::size_t kEntries = 512;

constexpr std::uint64_t kValid = 1;
constexpr std::uint64_t kTableOrPage = 2;              // at the last level a page, above it a table
constexpr std::uint64_t kMemory = 0x0040000000000704;  // as BLOCK_MEMORY and
constexpr std::uint64_t kDevice = 0x0060000000000400;  // BLOCK_DEVICE of boot.S, without their kind
constexpr std::uint64_t kAttributes = 0xfff0000000000ffc;
constexpr std::uint64_t kAddress = 0x0000fffffffff000;

constexpr std::size_t kSpareTables = 64;
alignas(4096) std::uint64_t spare_tables[kSpareTables][kEntries];
bool is_used[kSpareTables];

std::uint64_t bytes_of_entry(unsigned level) {
  return kPage << (9 * (kLastLevel - level));
}

// The old entry has to be forgotten before the processor may see a new one of another size or kind.
void replace(std::uint64_t* entry, std::uint64_t value) {
  __atomic_store_n(entry, 0, __ATOMIC_RELAXED);
  asm volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb" : : : "memory");
  __atomic_store_n(entry, value, __ATOMIC_RELAXED);
  asm volatile("dsb ishst; isb" : : : "memory");
}

std::uint64_t* take_table() {
  for (std::size_t i = 0; i < kSpareTables; ++i) {
    if (is_used[i]) continue;
    is_used[i] = true;
    return spare_tables[i];
  }
  return nullptr;
}

// The table below this entry, made from a block if it is one. Null if there is no room left.
std::uint64_t* table_below(std::uint64_t* entry, unsigned level) {
  if ((*entry & kTableOrPage) != 0) return reinterpret_cast<std::uint64_t*>(*entry & kAddress);
  std::uint64_t* table = take_table();
  if (table == nullptr) return nullptr;
  const std::uint64_t kind = kValid | (level + 1 == kLastLevel ? kTableOrPage : 0);
  for (std::size_t i = 0; i < kEntries; ++i)
    table[i] = ((*entry & kAddress) + i * bytes_of_entry(level + 1)) | (*entry & kAttributes) | kind;
  replace(entry, reinterpret_cast<std::uint64_t>(table) | kValid | kTableOrPage);
  return table;
}

// [first, end): of whole pages, within the reach.
bool map(std::uint64_t first, std::uint64_t end, std::uint64_t attributes) {
  while (first < end) {
    std::uint64_t* table = page_directory;
    unsigned level = 1;
    std::uint64_t* entry = nullptr;
    for (;; ++level) {
      entry = &table[first / bytes_of_entry(level) % kEntries];
      const bool is_block = level == kLastLevel || (*entry & kTableOrPage) == 0;
      const bool covers = first % bytes_of_entry(level) == 0 && end - first >= bytes_of_entry(level);
      if (is_block && (covers || (*entry & kAttributes) == attributes)) break;
      table = table_below(entry, level);
      if (table == nullptr) return false;
    }
    if ((*entry & kAttributes) != attributes) replace(entry, (*entry & ~kAttributes) | attributes);
    first += bytes_of_entry(level) - first % bytes_of_entry(level);
  }
  return true;
}

// A table of pages that are all devices again becomes a block: regions come and go, at a new place each time.
void give_table_back(std::uint64_t address) {
  const std::uint64_t* upper = &page_directory[address / bytes_of_entry(1) % kEntries];
  if ((*upper & kTableOrPage) == 0) return;
  auto* blocks = reinterpret_cast<std::uint64_t*>(*upper & kAddress);
  std::uint64_t* entry = &blocks[address / bytes_of_entry(2) % kEntries];
  if ((*entry & kTableOrPage) == 0) return;
  const auto* pages = reinterpret_cast<const std::uint64_t*>(*entry & kAddress);
  for (std::size_t i = 0; i < kEntries; ++i) {
    if ((pages[i] & kAttributes) != kDevice) return;
  }
  replace(entry, (pages[0] & kAddress) | kDevice | kValid);
  for (std::size_t i = 0; i < kSpareTables; ++i) {
    if (pages == spare_tables[i]) is_used[i] = false;
  }
}

bool is_within_reach(std::uint64_t address, std::uint64_t bytes) {
  return address < kReach && bytes <= kReach - address;
}

}  // namespace

bool map_memory(std::uint64_t address, std::uint64_t bytes) {
  if (!is_within_reach(address, bytes)) return false;
  return map(address / kPage * kPage, (address + bytes + kPage - 1) / kPage * kPage, kMemory);
}

bool map_physical(std::uint64_t address, std::uint64_t bytes) {
  if (!is_within_reach(address, bytes)) return false;
  const std::uint64_t first = address / kPage * kPage;
  const std::uint64_t end = (address + bytes + kPage - 1) / kPage * kPage;
  if (!map(first, end, kDevice)) return false;
  constexpr std::uint64_t kBlock = 2ull << 20;
  for (std::uint64_t at = first / kBlock * kBlock; at < end; at += kBlock) give_table_back(at);
  return true;
}

}  // namespace guest
