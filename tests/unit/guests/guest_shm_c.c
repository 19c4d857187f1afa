/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* The header as a C driver uses it. */
#include "guests/abi/guest_shm.h"

uint32_t guest_shm_senders_in_c(uint32_t status);
uint32_t guest_shm_attached_in_c(uint32_t status);
size_t guest_shm_factory_bytes_in_c(void);

uint32_t guest_shm_senders_in_c(uint32_t status) {
  return guest_shm_senders(status);
}
uint32_t guest_shm_attached_in_c(uint32_t status) {
  return guest_shm_attached(status);
}
size_t guest_shm_factory_bytes_in_c(void) {
  return sizeof(struct guest_shm_factory);
}
