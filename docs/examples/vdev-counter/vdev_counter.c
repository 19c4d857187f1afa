/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* An example of a vdev of your own: a counter that ticks and interrupts.
 *
 *   0x0  4  COUNT   read: ticks so far; write: any value sets it to the start value. Either lowers the
 * interrupt. 0x4  4  PERIOD  microseconds between two ticks; 0 (at reset) stops it. Each tick raises the
 * interrupt.
 *
 * Options: loc ADDRESS, intr LINE, start NUMBER (default 0). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <qvm_vdev.h>

enum { PAGE_BYTES = 4096, COUNT = 0x0, PERIOD = 0x4 };

struct counter {
  const qvm_vdev_host* host;
  qvm_vdev_context* context;
  uint64_t start;
  pthread_mutex_t mutex; /* guards the rest: ticks come in another thread than the guest's accesses */
  uint32_t count;
  uint32_t period_us;
  uint64_t timer;
};

static void on_tick(void* cookie);

/* mutex held */
static void restart_timer(struct counter* self) {
  if (self->timer != 0) self->host->timer_cancel(self->context, self->timer);
  self->timer = 0;
  if (self->period_us != 0) {
    self->timer = self->host->timer_start(self->context, (uint64_t)self->period_us * 1000, on_tick, self);
  }
}

static void on_tick(void* cookie) {
  struct counter* self = cookie;
  pthread_mutex_lock(&self->mutex);
  if (self->period_us != 0) { /* a tick may still come after timer_cancel */
    self->count++;
    self->host->line_set(self->context, 1);
    restart_timer(self);
  }
  pthread_mutex_unlock(&self->mutex);
}

static uint64_t on_read(void* cookie, uint64_t offset, unsigned width) {
  struct counter* self = cookie;
  uint64_t value = 0;
  if (width != 4) return 0;
  pthread_mutex_lock(&self->mutex);
  if (offset == COUNT) {
    value = self->count;
    self->host->line_set(self->context, 0);
  } else if (offset == PERIOD) {
    value = self->period_us;
  }
  pthread_mutex_unlock(&self->mutex);
  return value;
}

static void on_write(void* cookie, uint64_t offset, unsigned width, uint64_t value) {
  struct counter* self = cookie;
  if (width != 4) return;
  pthread_mutex_lock(&self->mutex);
  if (offset == COUNT) {
    self->count = (uint32_t)self->start;
    self->host->line_set(self->context, 0);
  } else if (offset == PERIOD) {
    self->period_us = (uint32_t)value;
    restart_timer(self);
  }
  pthread_mutex_unlock(&self->mutex);
}

static const qvm_vdev_trap_ops counter_ops = {on_read, on_write};

static int create(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
                  size_t error_size) {
  const qvm_vdev_identity* me = host->identity(context);
  struct counter* self = calloc(1, sizeof *self);
  if (self == NULL) {
    snprintf(error, error_size, "no memory");
    return -1;
  }
  self->host = host;
  self->context = context;
  pthread_mutex_init(&self->mutex, NULL);
  if (host->option_count(context, "start") != 0 &&
      (host->option_u64(context, "start", 0, 0, &self->start) != 0 || self->start > UINT32_MAX)) {
    snprintf(error, error_size, "'start' is not a number of 32 bits");
  } else if (me->loc_length != PAGE_BYTES) {
    snprintf(error, error_size, "it needs a 'loc' of %d bytes", PAGE_BYTES);
  } else if (host->trap(context, me->loc_address, me->loc_length, &counter_ops, self) != 0) {
    snprintf(error, error_size, "its registers cannot be placed at its 'loc'");
  } else {
    self->count = (uint32_t)self->start;
    *device = self;
    return 0;
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
  return -1;
}

static int start(void* device, char* error, size_t error_size) {
  (void)device;
  (void)error;
  (void)error_size;
  return 0;
}

static void reset(void* device) {
  struct counter* self = device;
  pthread_mutex_lock(&self->mutex);
  self->count = (uint32_t)self->start;
  self->period_us = 0;
  restart_timer(self);
  self->host->line_set(self->context, 0);
  pthread_mutex_unlock(&self->mutex);
}

static void stop(void* device) {
  reset(device);
}

static void destroy(void* device) {
  struct counter* self = device;
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

static const qvm_vdev_descriptor counter_descriptor = {
    .magic = QVM_VDEV_MAGIC,
    .abi_version = QVM_VDEV_ABI_VERSION,
    .struct_size = sizeof(qvm_vdev_descriptor),
    .name = "counter",
    .create = create,
    .start = start,
    .reset = reset,
    .stop = stop,
    .destroy = destroy,
};

const qvm_vdev_descriptor* qvm_vdev_entry(void) {
  return &counter_descriptor;
}
