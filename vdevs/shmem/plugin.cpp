// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vdev shmem as an object that vmhost loads: the device on one side, the vdev ABI on the other.
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "qvm/regions/client/client.h"
#include "vdevs/abi/qvm_vdev.h"
#include "vdevs/shmem/device.h"

namespace {

using qvm::shmem::ControlPage;
using qvm::shmem::Device;
using qvm::shmem::MapError;
using qvm::shmem::MapRequest;

class AbiHost : public qvm::shmem::Host {
 public:
  AbiHost(const qvm_vdev_host& services, qvm_vdev_context* context)
      : x_services(services), x_context(context) {}

  MapError map(const MapRequest& request, std::uint64_t& control_address) override {
    qvm_vdev_mapping mapping{};
    mapping.fd = request.fd;
    mapping.writable = request.access == MapRequest::Access::read_write ? 1 : 0;
    mapping.bytes = request.bytes;
    mapping.control_ops = &kControlOps;
    mapping.control_cookie = request.page;
    mapping.data_ops = &kDataOps;
    mapping.data_cookie = request.page;
    switch (x_services.window_map(x_context, &mapping, &control_address)) {
      case 0:
        return MapError::none;
      case -ENOSPC:
      case -ENOMEM:
        return MapError::no_memory;
      case -EMFILE:
        return MapError::too_many;
      default:
        return MapError::other;
    }
  }
  void unmap(std::uint64_t control_address) override { x_services.window_unmap(x_context, control_address); }
  void set_line(bool high) override { x_services.line_set(x_context, high ? 1 : 0); }
  std::uint32_t line_number() override {
    const std::int32_t number = x_services.line_number(x_context);
    return number < 0 ? 0 : static_cast<std::uint32_t>(number);
  }
  void log_info(std::string_view text) override {
    x_services.log(x_context, QVM_VDEV_LOG_INFO, std::string(text).c_str());
  }
  void log_warning(std::string_view text) override {
    x_services.log(x_context, QVM_VDEV_LOG_WARNING, std::string(text).c_str());
  }

 private:
  static std::uint64_t control_read(void* cookie, std::uint64_t offset, unsigned width) {
    return static_cast<ControlPage*>(cookie)->read(offset, width);
  }
  static void control_write(void* cookie, std::uint64_t offset, unsigned width, std::uint64_t value) {
    static_cast<ControlPage*>(cookie)->write(offset, width, value);
  }
  static constexpr qvm_vdev_trap_ops kControlOps = {&control_read, &control_write};
  static std::uint64_t data_read(void*, std::uint64_t, unsigned) { return 0; }
  static void data_write(void* cookie, std::uint64_t offset, unsigned width, std::uint64_t) {
    static_cast<ControlPage*>(cookie)->ignored_store(offset, width);
  }
  static constexpr qvm_vdev_trap_ops kDataOps = {&data_read, &data_write};

  const qvm_vdev_host& x_services;
  qvm_vdev_context* const x_context;
};

// One `vdev shmem`. Destroyed from the bottom up: the device before the client it uses.
struct Instance {
  Instance(const qvm_vdev_host& host_services, qvm_vdev_context* host_context)
      : services(host_services), context(host_context), host(host_services, host_context) {}
  const qvm_vdev_host& services;
  qvm_vdev_context* const context;
  AbiHost host;
  std::unique_ptr<qvm::regions::Client> client;
  std::optional<Device> device;
};

Instance& instance(void* device) {
  return *static_cast<Instance*>(device);
}

std::uint64_t factory_read(void* cookie, std::uint64_t offset, unsigned width) {
  return instance(cookie).device->factory_read(offset, width);
}
void factory_write(void* cookie, std::uint64_t offset, unsigned width, std::uint64_t value) {
  instance(cookie).device->factory_write(offset, width, value);
}
constexpr qvm_vdev_trap_ops kFactoryOps = {&factory_read, &factory_write};

void on_events(void* cookie) {
  instance(cookie).device->events();
}

int give_up(const std::string& why, char* error, std::size_t error_size) {
  std::snprintf(error, error_size, "%s", why.c_str());
  return -1;
}

int create(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
           std::size_t error_size) {
  const qvm_vdev_identity& me = *host->identity(context);
  if (me.loc_length != qvm::shmem::kPageBytes) {
    return give_up("it needs registers of " + std::to_string(qvm::shmem::kPageBytes) +
                       " bytes: a 'loc' or a PCI function of that length",
                   error, error_size);
  }
  if (me.window_length == 0) return give_up("it was given no region window", error, error_size);
  if (*me.region_socket == '\0') return give_up("it was given no region socket", error, error_size);
  *device = new Instance(*host, context);
  return 0;
}

int start(void* device, char* error, std::size_t error_size) {
  Instance& self = instance(device);
  const qvm_vdev_identity& me = *self.services.identity(self.context);
  auto client = qvm::regions::Client::connect(me.region_socket, me.id);
  if (!client) return give_up(client.error().message(), error, error_size);
  self.client = std::move(*client);
  self.device.emplace(self.host, *self.client, qvm::shmem::DeviceConfig{});
  if (self.services.trap(self.context, me.loc_address, me.loc_length, &kFactoryOps, &self) != 0) {
    return give_up("its factory page cannot be placed", error, error_size);
  }
  if (self.services.watch(self.context, self.client->event_fd(), &on_events, &self) != 0) {
    return give_up("its region events cannot be watched", error, error_size);
  }
  return 0;
}

void reset(void* device) {
  instance(device).device->reset();
}

void stop(void* device) {
  Instance& self = instance(device);
  if (!self.device) return;
  self.services.unwatch(self.context, self.client->event_fd());
  self.device->reset();
}

void destroy(void* device) {
  delete static_cast<Instance*>(device);
}

constexpr qvm_vdev_descriptor kDescriptor = {
    .magic = QVM_VDEV_MAGIC,
    .abi_version = QVM_VDEV_ABI_VERSION,
    .struct_size = sizeof(qvm_vdev_descriptor),
    .name = "shmem",
    .create = &create,
    .start = &start,
    .reset = &reset,
    .stop = &stop,
    .destroy = &destroy,
};

}  // namespace

const qvm_vdev_descriptor* qvm_vdev_entry(void) {
  return &kDescriptor;
}
