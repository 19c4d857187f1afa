/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that are wrong in one way each (QVM_ODD_…), or a vdev that does nothing. */
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
#ifdef QVM_ODD_CREATE
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
