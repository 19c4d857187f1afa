// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Threads for calls that block, with their results brought back to the event loop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "qvm/base/event_loop.h"
#include "qvm/base/result.h"

namespace qvm::daemon {

// A call that throws has failed. So has one that is not back by its deadline: it is given up, which means
// that its thread goes on and its result is dropped. Libvirt and a VM's process may keep a call for as long
// as they like.
//
// For the loop's thread. The destructor waits for all threads, those given up as well: see wait().
class Workers {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kNoDeadline = Milliseconds::max();

  // idle: called when nobody waits for a result any more; may be empty.
  explicit Workers(EventLoop& loop, std::function<void()> idle = {})
      : x_loop(loop), x_idle(std::move(idle)) {}
  ~Workers() { wait(kNoDeadline); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs work on a thread of its own, or here if the host gives no thread; then `then`, once, on the loop's
  // thread.
  // work: returns a T or a Result<T>; for void it may return nothing.
  template <class T, class Work>
  void run(Milliseconds deadline, Work work, std::function<void(Result<T>)> then);

  // Somebody still waits for a result.
  bool busy() const { return x_awaited != 0; }
  // Waits until no thread runs any more; false if some still do after that time. Then nothing that they use
  // may be destroyed: the process has to end as it is.
  bool wait(Milliseconds patience);

 private:
  struct Threads {
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t running = 0;  // guarded by mutex
  };
  struct Call {
    bool over = false;
    std::optional<EventLoop::TimerId> timer;
  };

  template <class T, class Work>
  static Result<T> guarded(const Work& work);
  static tl::unexpected<Error> late(Milliseconds deadline);
  void start(std::function<void()> work);

  EventLoop& x_loop;
  std::function<void()> x_idle;
  std::size_t x_awaited = 0;
  std::shared_ptr<Threads> x_threads = std::make_shared<Threads>();
};

template <class T, class Work>
Result<T> Workers::guarded(const Work& work) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<const Work&>>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const std::exception& error) {
    return fail(std::string("internal error: ") + error.what());
  }
}

template <class T, class Work>
void Workers::run(Milliseconds deadline, Work work, std::function<void(Result<T>)> then) {
  auto call = std::make_shared<Call>();
  const auto conclude = [this, call, then = std::move(then)](Result<T> result) {
    if (std::exchange(call->over, true)) return;
    if (call->timer) x_loop.cancel(*call->timer);
    --x_awaited;
    then(std::move(result));
    if (x_awaited == 0 && x_idle) x_idle();
  };
  ++x_awaited;
  if (deadline != kNoDeadline)
    call->timer = x_loop.after(deadline, [conclude, deadline] { conclude(late(deadline)); });
  start([this, conclude, work = std::move(work)] {
    auto result = std::make_shared<Result<T>>(guarded<T>(work));
    x_loop.post([conclude, result] { conclude(std::move(*result)); });
  });
}

}  // namespace qvm::daemon
