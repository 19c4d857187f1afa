// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The interrupt lines of a VM's vdevs: levels in, pins of the machine out.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace qvm::vmhost {

// One machine's pins. Called with QEMU's lock held exactly if needs_qemu_lock().
class PinDriver {
 public:
  virtual ~PinDriver() = default;
  virtual void set(unsigned pin, bool level) = 0;
  // True if an interrupt controller looks at a line only when it is set, so that a pin that is high can wait
  // unseen.
  virtual bool can_miss() const = 0;
  // True if that happened: the pin would deliver its interrupt if it were set again.
  virtual bool missed(unsigned pin) = 0;
};

// Pins with any number of sources, ORed: QEMU does not. A pin is set on transitions only, so that a pin
// programmed as edge sees one interrupt for each 0 to 1.
class Lines {
 public:
  // Calls task once after a delay, in a thread where the driver may be called.
  using Later = std::function<void(std::chrono::nanoseconds, std::function<void()>)>;

  // One vdev's share of a pin.
  class Source {
   public:
    // From any thread in which the driver may be called. Cheap if nothing changes.
    void set(bool level);

   private:
    friend class Lines;
    Source(Lines& lines, unsigned pin) : x_lines(lines), x_pin(pin) {}
    Lines& x_lines;
    const unsigned x_pin;
    bool x_level = false;  // guarded by Lines::x_mutex
  };

  // Delays between looks at pins that are high; doubled up to the second while nothing changes.
  static constexpr std::chrono::milliseconds kFirstLook{2};
  static constexpr std::chrono::milliseconds kLastLook{64};

  Lines(std::unique_ptr<PinDriver> driver, Later later)
      : x_driver(std::move(driver)), x_later(std::move(later)) {}

  // A source of pin, low. Lives as long as this object.
  std::unique_ptr<Source> add_source(unsigned pin);

  // To be called after guest accesses, where the driver may be called: sets the pins again that were missed.
  void look() {
    if (x_driver->can_miss() && x_high.load(std::memory_order_relaxed) != 0) look_now();
  }

 private:
  void change(Source& source, bool level);
  void look_now();
  void look_later();

  const std::unique_ptr<PinDriver> x_driver;
  const Later x_later;
  std::mutex x_mutex;                             // taken last of all locks
  std::map<unsigned, unsigned> x_counts;          // high sources per pin; guarded by x_mutex
  std::atomic<unsigned> x_high = 0;               // pins that are high; written under x_mutex
  bool x_looking = false;                         // a timer runs; guarded by x_mutex
  std::chrono::nanoseconds x_delay = kFirstLook;  // guarded by x_mutex
};

}  // namespace qvm::vmhost
