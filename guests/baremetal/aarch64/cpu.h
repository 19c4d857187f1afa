// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// guests/baremetal/cpu.h for aarch64. The counter is the virtual one of the generic timer.
#pragma once

#include <cstdint>

namespace guest {

inline constexpr bool kUnalignedDeviceAccess = false;

// Plain loads and stores of one register: what a hypervisor can tell apart without reading the instruction. A
// compiler may take others, which change their address register.
template <typename T>
T read_at(std::uint64_t address) {
  static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
  if constexpr (sizeof(T) == 8) {
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<T>(value);
  } else {
    std::uint32_t value;
    if constexpr (sizeof(T) == 1) asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    if constexpr (sizeof(T) == 2) asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    if constexpr (sizeof(T) == 4) asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<T>(value);
  }
}
template <typename T>
void write_at(std::uint64_t address, T value) {
  static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
  if constexpr (sizeof(T) == 1) asm volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
  if constexpr (sizeof(T) == 2) asm volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
  if constexpr (sizeof(T) == 4) asm volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
  if constexpr (sizeof(T) == 8) asm volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
}

inline std::uint64_t timestamp() {
  std::uint64_t value;
  asm volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
  return value;
}

// Makes all accesses before it seen, by devices too, before any that follows.
inline void full_barrier() {
  asm volatile("dsb sy" : : : "memory");
}

inline void interrupts_off() {
  asm volatile("msr daifset, #2" : : : "memory");
}
inline void interrupts_on() {
  asm volatile("msr daifclr, #2" : : : "memory");
}
inline void pause() {
  asm volatile("yield" : : : "memory");
}

// `wfi` wakes up for an interrupt that is masked, too, so that no wake-up is lost.
template <typename Condition>
void wait_until(Condition done) {
  interrupts_off();
  while (!done()) asm volatile("dsb sy; wfi; msr daifclr, #2; isb; msr daifset, #2" : : : "memory");
  interrupts_on();
}

}  // namespace guest
