/* SPDX-FileCopyrightText: 2026 the qvm authors
 * SPDX-License-Identifier: BSD-2-Clause
 * A host program written with QNX's names: two clients of one region talk. QVM_RUNTIME_DIR says where.
 * Exit status 0 if all went as documented, else the number of the line that did not. */
#include <hyp_shm.h>
#include <poll.h>
#include <stdio.h>

#define SLOT_BYTES 4096
#define CHECK(condition)                      \
  do {                                        \
    if (!(condition)) return __LINE__ & 0xff; \
  } while (0)

static unsigned wait_for_news(struct hyp_shm* shm) {
  struct pollfd waiting = {hyp_shm_event_fd(shm), POLLIN, 0};
  unsigned status = hyp_shm_status(shm);
  while ((status & 0xffff) == 0 && poll(&waiting, 1, 5000) == 1) status = hyp_shm_status(shm);
  return status;
}

int main(void) {
  struct hyp_shm* one = hyp_shm_create(0);
  struct hyp_shm* two = hyp_shm_create(16);
  CHECK(one != NULL && two != NULL);
  CHECK(hyp_shm_event_fd(one) == -1);
  CHECK(hyp_shm_attach(one, "testing", HYP_SHM_MAX_CLIENTS, 1, -1, 0, NULL) == 0);
  CHECK(hyp_shm_attach_ext(two, "testing", 1, 1, 10, 100, NULL, 0600, 5) == ENOTSUP);
  CHECK(hyp_shm_attach_ext(two, "testing", 1, 1, 10, 100, NULL, 0600, (gid_t)-1) == 0);
  CHECK(hyp_shm_size(one) == HYP_SHM_MAX_CLIENTS && hyp_shm_size(two) == HYP_SHM_MAX_CLIENTS);
  CHECK(hyp_shm_idx(one) == 0 && hyp_shm_idx(two) == 1);
  CHECK(strcmp(hyp_shm_name(one), "testing") == 0);

  snprintf((char*)hyp_shm_data(one), SLOT_BYTES, "hello");
  hyp_shm_poke(one, HYP_SHM_POKE_ALL_BUT_ME);
  CHECK(wait_for_news(two) == 0x00030001);
  CHECK(strcmp((char*)hyp_shm_data(two), "hello") == 0);
  hyp_shm_poke(two, 1u << 0);
  CHECK(wait_for_news(one) == 0x00030002);

  hyp_shm_detach(two);
  hyp_shm_detach(one);
  hyp_shm_detach(NULL);
  CHECK(hyp_shm_attach((one = hyp_shm_create(0)), "a/b", 1, 1, -1, 0, NULL) == EINVAL);
  hyp_shm_detach(one);
  return 0;
}
