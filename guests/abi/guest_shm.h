/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared memory device `vdev shmem` as a guest sees it: two pages of registers, little-endian, any access
 * width. Valid C17 and C++20, in a Linux kernel, too; needs nothing but the fixed-width integers. */
#ifndef QVM_GUESTS_ABI_GUEST_SHM_H
#define QVM_GUESTS_ABI_GUEST_SHM_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
#define GUEST_SHM_ASSERT(condition, text) static_assert(condition, text)
extern "C" {
#else
#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#define UINT32_C(value) value##U
#define UINT64_C(value) value##ULL
#else
#include <stddef.h>
#include <stdint.h>
#endif
#define GUEST_SHM_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* How the device is found: on PCI by vendor and device, the factory page in BAR 0; elsewhere by this device
 * tree compatible, which on x86 an ACPI device PRP0001 carries; or by an address and an interrupt that
 * somebody tells. */
#define GUEST_SHM_PCI_VENDOR 0x1c05u
#define GUEST_SHM_PCI_DEVICE 0x0001u
#define GUEST_SHM_COMPATIBLE "qvm,guest_shm"

/* In memory: the bytes QVMG2GSM. */
#define GUEST_SHM_SIGNATURE UINT64_C(0x4d534732474d5651)

#define GUEST_SHM_PAGE_SIZE \
  4096u /* unit of `size`; also the size of the factory page and of the control page */
#define GUEST_SHM_MAX_CLIENTS 16u /* per region; their indices are 0..15 */
#define GUEST_SHM_NAME_BYTES 32u  /* with the terminating NUL */

/* Result of the last operation, in `status` of the factory page. */
enum guest_shm_status {
  GSS_OK = 0,
  GSS_UNKNOWN_FAILURE = 1,
  GSS_NO_MEMORY = 2,
  GSS_CLIENT_MAX = 3,
  GSS_ILLEGAL_NAME = 4,
  GSS_NO_PERMISSION = 5,
  GSS_DOES_NOT_EXIST = 6
};

/* Offsets in the factory page. What lies behind the last one reads 0 and ignores writes. */
#define GUEST_SHM_FACTORY_SIGNATURE 0x00u /* 8 bytes, read only */
#define GUEST_SHM_FACTORY_SHMEM 0x08u     /* 8 bytes, read only */
#define GUEST_SHM_FACTORY_VECTOR 0x10u
#define GUEST_SHM_FACTORY_STATUS 0x14u
#define GUEST_SHM_FACTORY_SIZE 0x18u
#define GUEST_SHM_FACTORY_NAME 0x1cu /* 32 bytes */
#define GUEST_SHM_FACTORY_FIND 0x3cu
#define GUEST_SHM_FACTORY_FLAGS 0x40u
#define GUEST_SHM_FACTORY_END 0x44u

/* Factory page: one per device. Write `name`, then `size`: by the time that store has retired, `status` tells
 * the result and `shmem` where the control page is. On failure `shmem` and `size` are 0. */
struct guest_shm_factory {
  uint64_t signature; /* GUEST_SHM_SIGNATURE */
  uint64_t shmem;     /* guest-physical address of the control page of the last attach or find; 0: none */
  uint32_t vector;    /* the device's interrupt: I/O APIC pin, GIC INTID, or what the PCI pin is routed to */
  uint32_t status;    /* enum guest_shm_status */
  uint32_t size;      /* write: pages wanted (0: only if it exists), attaches. read: pages of the region */
  char name[GUEST_SHM_NAME_BYTES];
  uint32_t find;  /* write n: describe this device's n-th live connection, in order of attach, from 0 */
  uint32_t flags; /* mode bits (octal 0400 0200 040 020 04 02) for a region that the next attach creates; 0:
                     0666 */
};

/* Offsets in a control page. */
#define GUEST_SHM_CONTROL_STATUS 0x0u
#define GUEST_SHM_CONTROL_INDEX 0x4u
#define GUEST_SHM_CONTROL_NOTIFY 0x8u
#define GUEST_SHM_CONTROL_DETACH 0xcu

#define GUEST_SHM_NOTIFY_ALL_BUT_ME UINT32_C(0xffffffff)

/* Control page: one per connection; the region's data follows directly behind it, at + GUEST_SHM_PAGE_SIZE.
 */
struct guest_shm_control {
  uint32_t status; /* see guest_shm_senders() and guest_shm_attached(); reading clears the senders */
  uint32_t idx;    /* this connection's index */
  uint32_t notify; /* write: set of indices to interrupt, or GUEST_SHM_NOTIFY_ALL_BUT_ME */
  uint32_t detach; /* write anything: leave; control page and data are gone */
};

/* Parts of a value that was read from `status` of a control page. Read it once: the read clears it. */
static inline uint32_t guest_shm_senders(uint32_t status) {
  return status & 0xffffu;
}
static inline uint32_t guest_shm_attached(uint32_t status) {
  return status >> 16;
}

GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, signature) == GUEST_SHM_FACTORY_SIGNATURE, "signature");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, shmem) == GUEST_SHM_FACTORY_SHMEM, "shmem");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, vector) == GUEST_SHM_FACTORY_VECTOR, "vector");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, status) == GUEST_SHM_FACTORY_STATUS, "status");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, size) == GUEST_SHM_FACTORY_SIZE, "size");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, name) == GUEST_SHM_FACTORY_NAME, "name");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, find) == GUEST_SHM_FACTORY_FIND, "find");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_factory, flags) == GUEST_SHM_FACTORY_FLAGS, "flags");
GUEST_SHM_ASSERT(sizeof(struct guest_shm_factory) <= GUEST_SHM_PAGE_SIZE, "factory page");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_control, status) == GUEST_SHM_CONTROL_STATUS, "status");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_control, idx) == GUEST_SHM_CONTROL_INDEX, "idx");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_control, notify) == GUEST_SHM_CONTROL_NOTIFY, "notify");
GUEST_SHM_ASSERT(offsetof(struct guest_shm_control, detach) == GUEST_SHM_CONTROL_DETACH, "detach");
GUEST_SHM_ASSERT(sizeof(struct guest_shm_control) == 16, "control page");

#ifdef __cplusplus
}
#endif

#endif
