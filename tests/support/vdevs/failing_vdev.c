/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* A vdev that goes on as long as its guest lets it: any store ends the VM. */
#include "vdevs/abi/qvm_vdev.h"

static struct failing {
  const qvm_vdev_host* host;
  qvm_vdev_context* context;
} instance;

static uint64_t on_read(void* cookie, uint64_t offset, unsigned width) {
  (void)cookie;
  (void)offset;
  (void)width;
  return 0;
}

static void on_write(void* cookie, uint64_t offset, unsigned width, uint64_t value) {
  struct failing* self = cookie;
  (void)offset;
  (void)width;
  (void)value;
  self->host->fail(self->context, "the coolant is gone");
}

static const qvm_vdev_trap_ops ops = {on_read, on_write};

static int create(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
                  size_t error_size) {
  const qvm_vdev_identity* me = host->identity(context);
  (void)error;
  (void)error_size;
  instance.host = host;
  instance.context = context;
  *device = &instance;
  return host->trap(context, me->loc_address, me->loc_length, &ops, &instance);
}

static int start(void* device, char* error, size_t error_size) {
  (void)device;
  (void)error;
  (void)error_size;
  return 0;
}

static void nothing(void* device) {
  (void)device;
}

static const qvm_vdev_descriptor descriptor = {
    .magic = QVM_VDEV_MAGIC,
    .abi_version = QVM_VDEV_ABI_VERSION,
    .struct_size = sizeof(qvm_vdev_descriptor),
    .name = "failing",
    .create = create,
    .start = start,
    .reset = nothing,
    .stop = nothing,
    .destroy = nothing,
};

QVM_VDEV_EXPORT const qvm_vdev_descriptor* qvm_vdev_entry(void) {
  return &descriptor;
}
