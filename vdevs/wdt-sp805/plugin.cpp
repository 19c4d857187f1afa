// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vdev wdt-sp805 as an object that vmhost loads: the device on one side, the vdev ABI on the other.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

#include "vdevs/abi/qvm_vdev.h"
#include "vdevs/wdt-sp805/device.h"

namespace {

using qvm::sp805::Device;

constexpr std::uint64_t kUsualFrequency = 25'000'000;

void on_timer(void* cookie);

// Called with the device's mutex held, so that nothing here needs one.
class AbiHost final : public qvm::sp805::Host {
 public:
  AbiHost(const qvm_vdev_host& services, qvm_vdev_context* context, void* cookie)
      : x_services(services), x_context(context), x_cookie(cookie) {}

  std::chrono::nanoseconds now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  void start_timer(std::chrono::nanoseconds delay) override {
    stop_timer();
    x_timer =
        x_services.timer_start(x_context, static_cast<std::uint64_t>(delay.count()), &on_timer, x_cookie);
  }
  void stop_timer() override {
    if (x_timer != 0) x_services.timer_cancel(x_context, x_timer);
    x_timer = 0;
  }
  void set_line(bool high) override { x_services.line_set(x_context, high ? 1 : 0); }
  void bite() override { x_services.fail(x_context, QVM_VDEV_WATCHDOG_BIT); }

 private:
  const qvm_vdev_host& x_services;
  qvm_vdev_context* const x_context;
  void* const x_cookie;
  std::uint64_t x_timer = 0;
};

struct Instance {
  Instance(const qvm_vdev_host& services, qvm_vdev_context* context, std::uint32_t frequency)
      : host(services, context, this), device(host, frequency) {}
  AbiHost host;
  Device device;
};

Device& device_of(void* instance) {
  return static_cast<Instance*>(instance)->device;
}

void on_timer(void* cookie) {
  device_of(cookie).expired();
}

std::uint64_t on_read(void* cookie, std::uint64_t offset, unsigned width) {
  return device_of(cookie).read(offset, width);
}
void on_write(void* cookie, std::uint64_t offset, unsigned width, std::uint64_t value) {
  device_of(cookie).write(offset, width, value);
}
constexpr qvm_vdev_trap_ops kOps = {&on_read, &on_write};

int give_up(const std::string& why, char* error, std::size_t error_size) {
  std::snprintf(error, error_size, "%s", why.c_str());
  return -1;
}

// The plan has taken care of `dump`; `fiq` would need a line of the processor itself.
bool can_act(std::string_view words) {
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find(',', at), words.size());
    const std::string_view word = words.substr(at, end - at);
    if (word != "terminate" && word != "dump") return false;
    at = end + 1;
  }
  return true;
}

int create(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
           std::size_t error_size) {
  const qvm_vdev_identity& me = *host->identity(context);
  if (me.loc_length != qvm::sp805::kPageBytes) {
    return give_up("it needs a 'loc' of " + std::to_string(qvm::sp805::kPageBytes) + " bytes", error,
                   error_size);
  }
  const char* const action = host->option_string(context, "action", 0, 0);
  if (action != nullptr && !can_act(action))
    return give_up("'action' can only be 'terminate' here", error, error_size);
  std::uint64_t frequency = kUsualFrequency;
  const bool given = host->option_count(context, "frequency") != 0;
  if (given && (host->option_u64(context, "frequency", 0, 0, &frequency) != 0 || frequency == 0 ||
                frequency > std::numeric_limits<std::uint32_t>::max())) {
    return give_up("'frequency' is not a number from 1 to 4294967295", error, error_size);
  }
  auto* self = new Instance(*host, context, static_cast<std::uint32_t>(frequency));
  if (host->trap(context, me.loc_address, me.loc_length, &kOps, self) != 0) {
    delete self;
    return give_up("its registers cannot be placed at its 'loc'", error, error_size);
  }
  *device = self;
  return 0;
}

int start(void*, char*, std::size_t) {
  return 0;
}

void reset(void* device) {
  device_of(device).reset();
}

void destroy(void* device) {
  delete static_cast<Instance*>(device);
}

constexpr qvm_vdev_descriptor kDescriptor = {
    .magic = QVM_VDEV_MAGIC,
    .abi_version = QVM_VDEV_ABI_VERSION,
    .struct_size = sizeof(qvm_vdev_descriptor),
    .name = "wdt-sp805",
    .create = &create,
    .start = &start,
    .reset = &reset,
    .stop = &reset,
    .destroy = &destroy,
};

}  // namespace

const qvm_vdev_descriptor* qvm_vdev_entry(void) {
  return &kDescriptor;
}
