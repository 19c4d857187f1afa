// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/interrupts.h"

#include "guests/baremetal/aarch64/gic.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

// What boot.S has on the stack when it calls exception_entry().
struct ExceptionFrame {
  std::uint64_t registers[31];
  std::uint64_t instruction;
  std::uint64_t state;
  std::uint64_t kind;  // number of the vector
};
static_assert(sizeof(ExceptionFrame) == 272);

extern "C" void exception_entry(const ExceptionFrame* frame);

namespace guest {
namespace {

constexpr std::uint64_t kInterruptKind = 5;  // an IRQ while EL1 ran on its own stack
constexpr std::uint32_t kIntidBits = 0x3ff;  // above them version 2 says which processor sent it
constexpr const char* kKinds[] = {"synchronous", "IRQ", "FIQ", "SError"};

Handler handlers[gic::kInterrupts];

[[noreturn]] void report_exception(const ExceptionFrame& frame) {
  std::uint64_t syndrome, address;
  asm volatile("mrs %0, esr_el1" : "=r"(syndrome));
  asm volatile("mrs %0, far_el1" : "=r"(address));
  print("exception {} (vector {}), syndrome {x} (class {x}), at {x}, address {x}\n", kKinds[frame.kind % 4],
        frame.kind, syndrome, syndrome >> 26 & 0x3f, frame.instruction, address);
  for (unsigned i = 0; i < 31; ++i) print("x{}={x}{}", i, frame.registers[i], i % 4 == 3 ? '\n' : ' ');
  print("state={x}\n", frame.state);
  panic("exception");
}

void handle_interrupt() {
  const std::uint32_t acknowledged = gic::acknowledge();
  const std::uint32_t intid = acknowledged & kIntidBits;
  if (intid >= gic::kInterrupts) return;  // it was gone before we looked
  if (handlers[intid] != nullptr) handlers[intid]();
  gic::end(acknowledged);
}

}  // namespace

void prepare_interrupts() {
  gic::prepare_distributor();
  prepare_interrupts_of_this_processor();
}

void prepare_interrupts_of_this_processor() {
  gic::prepare_this_processor();
  asm volatile("msr daifclr, #4" : : : "memory");  // what a bus reports late is an exception, too
}

bool is_pin(std::uint64_t pin) {
  return pin >= 16 && pin < gic::kInterrupts;  // those below are what processors send each other
}

void connect_pin(unsigned pin, Trigger trigger, Handler handler) {
  if (!is_pin(pin)) panic("the GIC's interrupts of devices have the numbers 16 to 1019");
  // Off while it changes, so that no interrupt comes with half of the old settings.
  gic::disable(pin);
  handlers[pin] = handler;
  gic::configure(pin, trigger == Trigger::level);
  gic::enable(pin);
}

void mask_pin(unsigned pin) {
  gic::disable(pin);
}

void unmask_pin(unsigned pin) {
  gic::enable(pin);
}

}  // namespace guest

void exception_entry(const ExceptionFrame* frame) {
  if (frame->kind != guest::kInterruptKind) guest::report_exception(*frame);
  guest::handle_interrupt();
}
