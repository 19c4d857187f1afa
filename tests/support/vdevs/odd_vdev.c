/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that are wrong in one way each (QVM_ODD_…), a vdev that does nothing, or one that says by its
 * failure what its option "speed" is: QVM_ODD_TYPED by this version of the interface, QVM_ODD_OLD by the
 * oldest. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "vdevs/abi/qvm_vdev.h"

#ifdef QVM_ODD_NULL
#define QVM_RETURN (descriptor.name == NULL ? &descriptor : NULL)
#else
#define QVM_RETURN (&descriptor)
#endif

#ifdef QVM_ODD_UNRESOLVED
int qvm_a_function_that_nobody_has(void);
#endif

static int create(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
                  size_t error_size) {
#ifdef QVM_ODD_UNRESOLVED
  (void)qvm_a_function_that_nobody_has();
#endif
  (void)host;
  (void)context;
  static int instance;
  *device = &instance;
#if defined QVM_ODD_TYPED
  qvm_vdev_value value;
  const int got = host->option_value(context, "speed", 0, 0, &value);
  if (got != 0 || host->option_value(context, "speed", 0, 1, &value) == 0) {
    snprintf(error, error_size, "option_value returned %d", got);
  } else {
    snprintf(error, error_size, "kind %u, number %" PRIu64 ", text '%s', place '%s'", value.kind,
             value.number, value.text, value.place);
  }
  return -1;
#elif defined QVM_ODD_OLD
  uint64_t number = 0;
  const int got = host->option_u64(context, "speed", 0, 0, &number);
  snprintf(error, error_size, "version %u of %s size: %d, number %" PRIu64, host->abi_version,
           host->struct_size == offsetof(qvm_vdev_host, option_value) ? "its" : "another", got, number);
  return -1;
#elif defined QVM_ODD_CREATE
  snprintf(error, error_size, "option 'colour' is not one of red, green");
  return -1;
#else
  (void)error;
  (void)error_size;
  return 0;
#endif
}

static int start(void* device, char* error, size_t error_size) {
  (void)device;
#ifdef QVM_ODD_START
  snprintf(error, error_size, "connect to '/nowhere/regions.sock': No such file or directory");
  return -1;
#elif defined QVM_ODD_SILENT
  (void)error;
  (void)error_size;
  return -1;
#else
  (void)error;
  (void)error_size;
  return 0;
#endif
}

static void nothing(void* device) {
  (void)device;
}

static const qvm_vdev_descriptor descriptor = {
#ifdef QVM_ODD_MAGIC
    .magic = 0x1234,
#else
    .magic = QVM_VDEV_MAGIC,
#endif
#ifdef QVM_ODD_ABI
    .abi_version = 99,
#elif defined QVM_ODD_OLD
    .abi_version = QVM_VDEV_ABI_OLDEST,
#else
    .abi_version = QVM_VDEV_ABI_VERSION,
#endif
#ifdef QVM_ODD_SIZE
    .struct_size = 8,
#else
    .struct_size = sizeof(qvm_vdev_descriptor),
#endif
    .name = "odd",
    .create = create,
    .start = start,
#ifndef QVM_ODD_FUNCTION
    .reset = nothing,
#endif
    .stop = nothing,
    .destroy = nothing,
};

#ifdef QVM_ODD_ENTRY
QVM_VDEV_EXPORT const qvm_vdev_descriptor* another_entry(void);
const qvm_vdev_descriptor* another_entry(void) {
  return &descriptor;
}
#else
const qvm_vdev_descriptor* qvm_vdev_entry(void) {
  return QVM_RETURN;
}
#endif
