// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/lines.h"

#include <algorithm>
#include <utility>

namespace qvm::vmhost {

void Lines::Source::set(bool level) {
  x_lines.change(*this, level);
}

std::unique_ptr<Lines::Source> Lines::add_source(unsigned pin) {
  const std::lock_guard guard(x_mutex);
  x_counts.emplace(pin, 0);
  return std::unique_ptr<Source>(new Source(*this, pin));
}

void Lines::change(Source& source, bool level) {
  bool start_looking = false;
  {
    const std::lock_guard guard(x_mutex);
    if (source.x_level == level) return;
    source.x_level = level;
    unsigned& count = x_counts[source.x_pin];
    if (level) {
      if (++count != 1) return;
      ++x_high;
    } else {
      if (--count != 0) return;
      --x_high;
    }
    // Under the mutex: two threads must not reach the controller in another order than here.
    x_driver->set(source.x_pin, level);
    if (level && x_driver->can_miss()) {
      x_delay = kFirstLook;
      start_looking = !std::exchange(x_looking, true);
    }
  }
  if (start_looking) look_later();
}

void Lines::look_now() {
  const std::lock_guard guard(x_mutex);
  for (const auto& [pin, count] : x_counts) {
    if (count != 0 && x_driver->missed(pin)) x_driver->set(pin, true);
  }
}

void Lines::look_later() {
  std::chrono::nanoseconds delay{};
  {
    const std::lock_guard guard(x_mutex);
    delay = x_delay;
    x_delay = std::min<std::chrono::nanoseconds>(x_delay * 2, kLastLook);
  }
  x_later(delay, [this] {
    look();
    {
      const std::lock_guard guard(x_mutex);
      x_looking = x_high != 0;
      if (!x_looking) return;
    }
    look_later();
  });
}

}  // namespace qvm::vmhost
