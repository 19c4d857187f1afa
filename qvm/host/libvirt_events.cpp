// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/libvirt_events.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <mutex>
#include <system_error>
#include <thread>

#include "qvm/base/process_limits.h"

namespace qvm::host {
namespace {

void wake_up(int timer, void*) {
  virEventUpdateTimeout(timer, -1);
}

}  // namespace

struct LibvirtEvents::Impl {
  int wake_timer = -1;
  std::jthread thread;
};

Result<std::shared_ptr<LibvirtEvents>> LibvirtEvents::acquire() {
  static std::mutex mutex;
  static std::weak_ptr<LibvirtEvents> current;  // guarded by mutex
  static int registered = -1;                   // guarded by mutex; libvirt allows it once per process
  const std::lock_guard lock(mutex);
  if (auto running = current.lock()) return running;
  if (registered != 0) {
    // Without this, libvirt prints every error itself, in addition to the one that we report.
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    if (virInitialize() != 0) return fail("libvirt does not initialise");
    registered = virEventRegisterDefaultImpl();
    if (registered != 0)
      return fail(std::string("libvirt's event loop does not start: ") + virGetLastErrorMessage());
  }
  auto impl = std::make_unique<Impl>();
  impl->wake_timer = virEventAddTimeout(-1, wake_up, nullptr, nullptr);
  if (impl->wake_timer < 0) return fail("libvirt's event loop has no timers");
  try {
    impl->thread = std::jthread([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        if (virEventRunDefaultImpl() < 0) return;
      }
    });
  } catch (const std::system_error& error) {
    virEventRemoveTimeout(impl->wake_timer);
    return fail(explain_limit("start a thread for libvirt's events: " + error.code().message()));
  }
  std::shared_ptr<LibvirtEvents> made(new LibvirtEvents(std::move(impl)));
  current = made;
  return made;
}

LibvirtEvents::LibvirtEvents(std::unique_ptr<Impl> impl) : x_impl(std::move(impl)) {}

LibvirtEvents::~LibvirtEvents() {
  x_impl->thread.request_stop();
  virEventUpdateTimeout(x_impl->wake_timer, 0);
  x_impl->thread.join();
  virEventRemoveTimeout(x_impl->wake_timer);
}

}  // namespace qvm::host
