// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/aarch64/gic.h"

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"

namespace guest::gic {
namespace {

constexpr unsigned kFirstShared = 32;

// Of the distributor; most of them again in the second half of a redistributor.
constexpr std::uint64_t kControl = 0x000;
constexpr std::uint64_t kType = 0x004;
constexpr std::uint64_t kGroup = 0x080;
constexpr std::uint64_t kSetEnable = 0x100;
constexpr std::uint64_t kClearEnable = 0x180;
constexpr std::uint64_t kSetPending = 0x200;
constexpr std::uint64_t kPriority = 0x400;
constexpr std::uint64_t kTargets = 0x800;
constexpr std::uint64_t kConfiguration = 0xc00;
constexpr std::uint64_t kRoute = 0x6000;
constexpr std::uint32_t kEnableOld = 1;
constexpr std::uint32_t kEnableNew = 0x13;  // both groups, routed by affinity
constexpr std::uint32_t kWritePending = 1u << 31;

constexpr std::uint64_t kRedistributorType = 0x008;
constexpr std::uint64_t kWaker = 0x014;
constexpr std::uint32_t kSleep = 2;
constexpr std::uint32_t kAsleep = 4;
constexpr std::uint64_t kPrivateHalf = 0x10000;
constexpr std::uint64_t kRedistributorBytes = 0x20000;
constexpr std::uint32_t kHasVirtualLpis = 2;  // twice the size
constexpr std::uint32_t kLast = 16;

// Of the processor interface of version 2.
constexpr std::uint64_t kInterfaceControl = 0x00;
constexpr std::uint64_t kPriorityMask = 0x04;
constexpr std::uint64_t kAcknowledge = 0x0c;
constexpr std::uint64_t kEnd = 0x10;

constexpr std::uint32_t kMiddlePriorities = 0xa0a0a0a0;
constexpr std::uint32_t kLowestPriority = 0xff;

bool is_v3() {
  return board().gic_version == 3;
}

std::uint64_t own_affinity() {
  std::uint64_t mpidr;
  asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  return mpidr & 0xff00ffffff;
}

// Where the registers of this interrupt are: the private ones of version 3 have their own place.
std::uint64_t bank_of(unsigned intid) {
  return is_v3() && intid < kFirstShared ? redistributor() + kPrivateHalf : board().distributor.address;
}

void set_bit(std::uint64_t reg, unsigned intid) {
  write_at<std::uint32_t>(bank_of(intid) + reg + intid / 32 * 4, 1u << intid % 32);
}

void wait_for_writes() {
  if (!is_v3()) return;
  while ((read_at<std::uint32_t>(board().distributor.address + kControl) & kWritePending) != 0) pause();
}

void reset_bank(std::uint64_t bank, unsigned first, unsigned end) {
  for (unsigned i = first; i < end; i += 32) {
    write_at<std::uint32_t>(bank + kClearEnable + i / 8, ~0u);
    if (is_v3()) write_at<std::uint32_t>(bank + kGroup + i / 8, ~0u);
  }
  for (unsigned i = first; i < end; i += 4) write_at<std::uint32_t>(bank + kPriority + i, kMiddlePriorities);
}

void prepare_system_registers() {
  std::uint64_t enable;
  asm volatile("mrs %0, S3_0_C12_C12_5" : "=r"(enable));
  asm volatile("msr S3_0_C12_C12_5, %0; isb" : : "r"(enable | 1));
  asm volatile("msr S3_0_C4_C6_0, %0" : : "r"(std::uint64_t{kLowestPriority}));
  asm volatile("msr S3_0_C12_C12_3, xzr");
  asm volatile("msr S3_0_C12_C12_4, xzr");
  asm volatile("msr S3_0_C12_C12_7, %0; isb" : : "r"(std::uint64_t{1}));
}

void wake(std::uint64_t base) {
  write_at<std::uint32_t>(base + kWaker, read_at<std::uint32_t>(base + kWaker) & ~kSleep);
  while ((read_at<std::uint32_t>(base + kWaker) & kAsleep) != 0) pause();
}

}  // namespace

std::uint64_t redistributor() {
  const std::uint64_t affinity = own_affinity();
  const std::uint64_t packed = (affinity & 0xffffff) | (affinity >> 32 & 0xff) << 24;
  for (const AddressRange& region : board().redistributors) {
    for (std::uint64_t at = 0; region.size - at >= kRedistributorBytes && at < region.size;) {
      const auto type = read_at<std::uint64_t>(region.address + at + kRedistributorType);
      if (type >> 32 == packed) return region.address + at;
      if ((type & kLast) != 0) break;
      at += (type & kHasVirtualLpis) != 0 ? 2 * kRedistributorBytes : kRedistributorBytes;
    }
  }
  return 0;
}

void prepare_distributor() {
  if (board().gic_version == 0) panic("the device tree names no interrupt controller that is known here");
  const std::uint64_t base = board().distributor.address;
  write_at<std::uint32_t>(base + kControl, 0);
  wait_for_writes();
  const unsigned lines = 32 * ((read_at<std::uint32_t>(base + kType) & 31) + 1);
  reset_bank(base, kFirstShared, lines < kInterrupts ? lines : kInterrupts);
  write_at<std::uint32_t>(base + kControl, is_v3() ? kEnableNew : kEnableOld);
  wait_for_writes();
}

void prepare_this_processor() {
  if (is_v3()) {
    const std::uint64_t own = redistributor();
    if (own == 0) panic("this processor has no redistributor where the device tree says");
    wake(own);
    reset_bank(own + kPrivateHalf, 0, kFirstShared);
    prepare_system_registers();
    return;
  }
  reset_bank(board().distributor.address, 0, kFirstShared);
  const std::uint64_t interface = board().processor_interface.address;
  write_at<std::uint32_t>(interface + kPriorityMask, kLowestPriority);
  write_at<std::uint32_t>(interface + kInterfaceControl, 1);
}

void configure(unsigned intid, bool level) {
  const std::uint64_t configuration = bank_of(intid) + kConfiguration + intid / 16 * 4;
  const std::uint32_t edge = 2u << 2 * (intid % 16);
  const auto before = read_at<std::uint32_t>(configuration);
  write_at<std::uint32_t>(configuration, level ? before & ~edge : before | edge);
  if (intid < kFirstShared) return;
  const std::uint64_t base = board().distributor.address;
  if (is_v3()) {
    write_at<std::uint64_t>(base + kRoute + 8ull * intid, own_affinity());
  } else {
    // The targets of private interrupts are read-only and say which bit this processor has; 0: it is the only
    // one.
    const auto own = read_at<std::uint8_t>(base + kTargets);
    write_at<std::uint8_t>(base + kTargets + intid, own != 0 ? own : std::uint8_t{1});
  }
}

void enable(unsigned intid) {
  set_bit(kSetEnable, intid);
}

void disable(unsigned intid) {
  set_bit(kClearEnable, intid);
  wait_for_writes();
}

bool is_pending(unsigned intid) {
  return (read_at<std::uint32_t>(bank_of(intid) + kSetPending + intid / 32 * 4) >> intid % 32 & 1) != 0;
}

std::uint32_t acknowledge() {
  if (!is_v3()) return read_at<std::uint32_t>(board().processor_interface.address + kAcknowledge);
  std::uint64_t intid;
  asm volatile("mrs %0, S3_0_C12_C12_0; dsb sy" : "=r"(intid) : : "memory");
  return static_cast<std::uint32_t>(intid);
}

void end(std::uint32_t acknowledged) {
  if (is_v3()) {
    asm volatile("msr S3_0_C12_C12_1, %0; isb" : : "r"(std::uint64_t{acknowledged}) : "memory");
  } else {
    write_at<std::uint32_t>(board().processor_interface.address + kEnd, acknowledged);
  }
}

}  // namespace guest::gic
