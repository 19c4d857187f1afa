// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/wdt-sp805/device.h"

#include <algorithm>
#include <array>

namespace qvm::sp805 {
namespace {

using std::chrono::nanoseconds;

constexpr unsigned kWordBytes = 4;
constexpr std::uint64_t kNanoseconds = 1'000'000'000;
// Of the device, then of ARM's cells in general; drivers look for exactly this.
constexpr std::array<std::uint8_t, 8> kIdentificationBytes = {0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

bool is_word(std::uint64_t offset, unsigned width) {
  return width == kWordBytes && offset % kWordBytes == 0;
}

}  // namespace

std::uint64_t Device::read(std::uint64_t offset, unsigned width) {
  if (!is_word(offset, width)) return 0;
  const std::lock_guard lock(x_mutex);
  return register_value(offset);
}

std::uint32_t Device::register_value(std::uint64_t offset) {
  switch (offset) {
    case kLoad:
      return x_load;
    case kValue:
      return counter();
    case kControl:
      return x_control;
    case kRawStatus:
      return x_raised ? 1 : 0;
    case kMaskedStatus:
      return x_raised && counts() ? 1 : 0;
    case kLock:
      return x_locked ? 1 : 0;
    default:
      break;
  }
  const std::uint64_t index = (offset - kIdentification) / kWordBytes;
  return offset >= kIdentification && index < kIdentificationBytes.size() ? kIdentificationBytes.at(index)
                                                                          : 0;
}

void Device::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  if (!is_word(offset, width)) return;
  const auto word = static_cast<std::uint32_t>(value);
  const std::lock_guard lock(x_mutex);
  if (offset == kLock) x_locked = word != kUnlock;
  if (x_locked) return;
  if (offset == kLoad) {
    x_load = word;
    restart();
  } else if (offset == kControl) {
    set_control(word & (kInterruptEnable | kResetEnable));
  } else if (offset == kInterruptClear) {
    x_raised = false;
    restart();
  }
  update_line();
}

void Device::set_control(std::uint32_t value) {
  const bool counted = counts();
  const bool mattered = zero_matters();
  if (counted) x_stopped_at = counter();
  x_control = value;
  if (!counts()) return x_host.stop_timer();
  if (!counted) return restart();
  if (!mattered) skip_missed();
  arm();
}

// From the load register's value on.
void Device::restart() {
  x_stopped_at = x_load;
  x_zero_at = x_host.now() + period();
  arm();
}

// The counter came to zero while that changed nothing, and began anew each time.
void Device::skip_missed() {
  const nanoseconds late = x_host.now() - x_zero_at;
  if (late >= nanoseconds::zero()) x_zero_at += (late / period() + 1) * period();
}

void Device::arm() {
  if (!counts() || !zero_matters()) return x_host.stop_timer();
  x_host.start_timer(std::max(x_zero_at - x_host.now(), nanoseconds::zero()));
}

void Device::expired() {
  const std::lock_guard lock(x_mutex);
  if (!counts()) return;
  if (x_host.now() < x_zero_at) return arm();
  if (x_raised) {
    if ((x_control & kResetEnable) != 0) x_host.bite();
    return;
  }
  x_raised = true;
  // From now on, however late it is: the guest has a whole period to answer.
  restart();
  update_line();
}

void Device::reset() {
  const std::lock_guard lock(x_mutex);
  x_load = kLoadAtReset;
  x_control = 0;
  x_stopped_at = kLoadAtReset;
  x_raised = false;
  x_locked = false;
  arm();
  update_line();
}

void Device::update_line() {
  const bool high = x_raised && counts();
  if (high == x_line_high) return;
  x_line_high = high;
  x_host.set_line(high);
}

std::uint32_t Device::counter() {
  if (!counts()) return x_stopped_at;
  const nanoseconds left = x_zero_at - x_host.now();
  // Behind zero it begins anew.
  const auto until_zero = left >= nanoseconds::zero() ? left : period() - -left % period();
  const auto ticks = static_cast<unsigned __int128>(until_zero.count()) * x_frequency / kNanoseconds;
  return static_cast<std::uint32_t>(std::min<unsigned __int128>(ticks, x_load));
}

// At least one tick, and never nothing.
nanoseconds Device::period() const {
  const std::uint64_t ticks = std::max<std::uint64_t>(x_load, 1);
  return nanoseconds(std::max<std::uint64_t>(ticks * kNanoseconds / x_frequency, 1));
}

}  // namespace qvm::sp805
