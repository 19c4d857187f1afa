// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// guests/baremetal/cpu.h for x86-64, and its ports. The counter is the time stamp counter.
#pragma once

#include <cstdint>

namespace guest {

inline void out8(std::uint16_t port, std::uint8_t value) {
  asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline void out16(std::uint16_t port, std::uint16_t value) {
  asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
inline void out32(std::uint16_t port, std::uint32_t value) {
  asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
inline std::uint8_t in8(std::uint16_t port) {
  std::uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline std::uint16_t in16(std::uint16_t port) {
  std::uint16_t value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline std::uint32_t in32(std::uint16_t port) {
  std::uint32_t value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline constexpr bool kUnalignedDeviceAccess = true;

template <typename T>
T read_at(std::uint64_t address) {
  return *reinterpret_cast<const volatile T*>(address);
}
template <typename T>
void write_at(std::uint64_t address, T value) {
  *reinterpret_cast<volatile T*>(address) = value;
}

inline std::uint64_t timestamp() {
  std::uint32_t low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return std::uint64_t{high} << 32 | low;
}

inline void interrupts_off() {
  asm volatile("cli" : : : "memory");
}
inline void interrupts_on() {
  asm volatile("sti" : : : "memory");
}
inline void pause() {
  asm volatile("pause" : : : "memory");
}

// `sti` takes effect after the `hlt` that follows it, so that no wake-up is lost.
template <typename Condition>
void wait_until(Condition done) {
  interrupts_off();
  while (!done()) asm volatile("sti; hlt; cli" : : : "memory");
  interrupts_on();
}

}  // namespace guest
