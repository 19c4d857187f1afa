// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/interrupts.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/x86_64/apic.h"

// What boot.S has on the stack when it calls interrupt_entry().
struct InterruptFrame {
  std::uint64_t saved[9];
  std::uint64_t vector;
  std::uint64_t error;
  std::uint64_t instruction;
  std::uint64_t code_segment;
  std::uint64_t flags;
  std::uint64_t stack;
  std::uint64_t stack_segment;
};

extern "C" const std::uint64_t interrupt_stubs[256];
extern "C" void interrupt_entry(const InterruptFrame* frame);

namespace guest {
namespace {

constexpr std::uint64_t kLocalApic = 0xfee00000;
constexpr std::uint64_t kApicId = kLocalApic + 0x20;
constexpr std::uint64_t kTaskPriority = kLocalApic + 0x80;
constexpr std::uint64_t kEndOfInterrupt = kLocalApic + 0xb0;
constexpr std::uint64_t kSpurious = kLocalApic + 0xf0;
constexpr std::uint64_t kCommandLow = kLocalApic + 0x300;
constexpr std::uint64_t kCommandHigh = kLocalApic + 0x310;
constexpr std::uint32_t kApicEnabled = 1u << 8;
constexpr std::uint32_t kCommandPending = 1u << 12;

constexpr std::uint64_t kUsualIoApic = 0xfec00000;
constexpr std::uint64_t kIoApicWindow = 0x10;
constexpr std::uint32_t kFirstRedirection = 0x10;

constexpr unsigned kExceptions = 32;
constexpr unsigned kFirstVector = 0x40;
constexpr unsigned kLastVector = 0x7f;
constexpr unsigned kSpuriousVector = 0xff;

struct Gate {
  std::uint16_t offset_low;
  std::uint16_t selector;
  std::uint8_t stack_table;
  std::uint8_t type;
  std::uint16_t offset_middle;
  std::uint32_t offset_high;
  std::uint32_t zero;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
  std::uint16_t limit;
  std::uint64_t base;
};

Gate gates[256];
Handler handlers[256];
std::uint8_t pin_vectors[kIoApicPins];
unsigned next_vector = kFirstVector;

std::uint64_t io_apic() {
  static const std::uint64_t place = option_number("ioapic", kUsualIoApic);
  return place;
}

void write_io_apic(std::uint32_t reg, std::uint32_t value) {
  write_at<std::uint32_t>(io_apic(), reg);
  write_at<std::uint32_t>(io_apic() + kIoApicWindow, value);
}

[[noreturn]] void report_exception(const InterruptFrame& frame) {
  std::uint64_t fault_address;
  asm volatile("mov %%cr2, %0" : "=r"(fault_address));
  print("exception {}, error {x}, at {x}, address {x}\n", frame.vector, frame.error, frame.instruction,
        fault_address);
  panic("exception");
}

}  // namespace

void prepare_interrupts() {
  for (unsigned i = 0; i < 256; ++i) {
    const std::uint64_t stub = interrupt_stubs[i];
    gates[i] = {.offset_low = static_cast<std::uint16_t>(stub),
                .selector = 0x08,
                .stack_table = 0,
                .type = 0x8e,  // present, interrupt gate
                .offset_middle = static_cast<std::uint16_t>(stub >> 16),
                .offset_high = static_cast<std::uint32_t>(stub >> 32),
                .zero = 0};
  }
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  prepare_interrupts_of_this_processor();
}

void prepare_interrupts_of_this_processor() {
  const TablePointer table{sizeof gates - 1, reinterpret_cast<std::uint64_t>(gates)};
  asm volatile("lidt %0" : : "m"(table));
  write_at<std::uint32_t>(kSpurious, kApicEnabled | kSpuriousVector);
  write_at<std::uint32_t>(kTaskPriority, 0);
}

std::uint8_t allocate_vector(Handler handler) {
  if (next_vector > kLastVector) panic("out of interrupt vectors");
  handlers[next_vector] = handler;
  return static_cast<std::uint8_t>(next_vector++);
}

bool is_pin(std::uint64_t pin) {
  return pin < kIoApicPins;
}

void connect_pin(unsigned pin, Trigger trigger, Handler handler) {
  if (!is_pin(pin)) panic("the I/O APIC has 24 pins");
  if (pin_vectors[pin] == 0) pin_vectors[pin] = allocate_vector(handler);
  handlers[pin_vectors[pin]] = handler;
  const std::uint32_t entry = pin_vectors[pin] | (trigger == Trigger::level ? kPinLevel : 0);
  // Masked while it changes, so that no interrupt comes with half of the old settings.
  write_pin(pin, entry | kPinMasked);
  write_io_apic(kFirstRedirection + 2 * pin + 1, std::uint32_t{this_apic_id()} << 24);
  write_pin(pin, entry);
}

void mask_pin(unsigned pin) {
  write_pin(pin, read_pin(pin) | kPinMasked);
}
void unmask_pin(unsigned pin) {
  write_pin(pin, read_pin(pin) & ~kPinMasked);
}
std::uint32_t read_pin(unsigned pin) {
  return read_io_apic(kFirstRedirection + 2 * pin);
}
void write_pin(unsigned pin, std::uint32_t low) {
  write_io_apic(kFirstRedirection + 2 * pin, low);
}

std::uint32_t read_io_apic(std::uint32_t reg) {
  write_at<std::uint32_t>(io_apic(), reg);
  return read_at<std::uint32_t>(io_apic() + kIoApicWindow);
}

void send_ipi(std::uint8_t apic_id, std::uint32_t command) {
  write_at<std::uint32_t>(kCommandHigh, std::uint32_t{apic_id} << 24);
  write_at<std::uint32_t>(kCommandLow, command);
  while ((read_at<std::uint32_t>(kCommandLow) & kCommandPending) != 0) pause();
}

std::uint8_t this_apic_id() {
  return static_cast<std::uint8_t>(read_at<std::uint32_t>(kApicId) >> 24);
}

}  // namespace guest

void interrupt_entry(const InterruptFrame* frame) {
  if (frame->vector < guest::kExceptions) guest::report_exception(*frame);
  if (frame->vector == guest::kSpuriousVector) return;  // has no end-of-interrupt
  if (const guest::Handler handler = guest::handlers[frame->vector & 0xff]; handler != nullptr) handler();
  guest::write_at<std::uint32_t>(guest::kEndOfInterrupt, 0);
}
