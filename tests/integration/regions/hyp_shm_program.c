/* SPDX-FileCopyrightText: 2026 the qvm authors
 * SPDX-License-Identifier: BSD-2-Clause
 * A host program written with QNX's names: two clients of one region talk. QVM_RUNTIME_DIR says where.
 * Also valid C++, and without a warning in any dialect: see tests/regions.cmake.
 * Exit status 0 if all went as documented, else the number of the line that did not. */
#include <hyp_shm.h>
#include <poll.h>
#include <stdint.h>
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

/* What a program may ask of an attachment that it must not change. */
static int check_questions(const struct hyp_shm* shm, unsigned index) {
  const unsigned size = hyp_shm_size(shm);
  const unsigned found = hyp_shm_idx(shm);
  const char* name = hyp_shm_name(shm);
  char* data = (char*)hyp_shm_data(shm);
  CHECK(size == HYP_SHM_MAX_CLIENTS);
  CHECK(found == index);
  CHECK(strcmp(name, "testing") == 0);
  CHECK(data != NULL);
  return 0;
}

/* A poke reports what came of it, and most programs do not ask. */
static int check_pokes(struct hyp_shm* one, struct hyp_shm* two) {
  int result = hyp_shm_poke(one, HYP_SHM_POKE_ALL);
  CHECK(result == EOK);
  CHECK(wait_for_news(one) == 0x00030001);
  CHECK(wait_for_news(two) == 0x00030001);
  if (hyp_shm_poke(one, HYP_SHM_POKE_ALL_BUT_ME) != EOK) return __LINE__ & 0xff;
  CHECK(wait_for_news(two) == 0x00030001);
  CHECK(hyp_shm_status(one) == 0x00030000);
  hyp_shm_poke(one, HYP_SHM_POKE_ALL_BUT_ME);
  CHECK(wait_for_news(two) >> HYP_SHM_MAX_CLIENTS == 3);
  hyp_shm_poke(two, HYP_SHM_POKE_ALL);
  CHECK((wait_for_news(one) & 0xffff) == 1u << 1);
  hyp_shm_status(two);
  (void)hyp_shm_poke(two, 1u << hyp_shm_idx(one));
  CHECK(wait_for_news(one) == 0x00030002);
  return hyp_shm_poke(one, 0);
}

/* Bytes of the program's own, after the structure. */
static int check_client_bytes(struct hyp_shm* shm, size_t bytes) {
  const struct hyp_shm* constant = shm;
  char* own = (char*)hyp_shm_client(constant);
  size_t i;
  CHECK(own != NULL);
  CHECK((uintptr_t)own % 16 == 0);
  for (i = 0; i < bytes; ++i) CHECK(own[i] == 0);
  memset(own, 0x5a, bytes);
  CHECK(strcmp(hyp_shm_name(shm), "") == 0);
  return 0;
}

int main(void) {
  const char value[] = "of a pulse, which there is none of";
  struct hyp_shm* one = hyp_shm_create(0);
  struct hyp_shm* two = hyp_shm_create(16);
  int failed;
  int err;
  CHECK(one != NULL && two != NULL);
  CHECK(hyp_shm_event_fd(one) == -1);
  CHECK(hyp_shm_poke(one, HYP_SHM_POKE_ALL) == ENOTCONN);
  failed = check_client_bytes(two, 16);
  if (failed != 0) return failed;

  err = hyp_shm_attach(one, "testing", HYP_SHM_MAX_CLIENTS, 1, -1, 0, NULL);
  CHECK(err == EOK);
  CHECK(hyp_shm_attach_ext(two, "testing", 1, 1, 10, 100, NULL, 0600, 5) == ENOTSUP);
  CHECK(hyp_shm_attach_ext(two, "testing", 1, 1, 10, 100, value, 0600, (gid_t)-1) == EOK);
  failed = check_questions(one, 0);
  if (failed != 0) return failed;
  failed = check_questions(two, 1);
  if (failed != 0) return failed;

  snprintf((char*)hyp_shm_data(one), SLOT_BYTES, "hello");
  hyp_shm_poke(one, HYP_SHM_POKE_ALL_BUT_ME);
  CHECK(wait_for_news(two) == 0x00030001);
  CHECK(strcmp((char*)hyp_shm_data(two), "hello") == 0);
  hyp_shm_poke(two, 1u << 0);
  CHECK(wait_for_news(one) == 0x00030002);
  failed = check_pokes(one, two);
  if (failed != 0) return failed;

  hyp_shm_detach(two);
  hyp_shm_detach(one);
  hyp_shm_detach(NULL);
  CHECK(hyp_shm_attach((one = hyp_shm_create(0)), "a/b", 1, 1, -1, 0, value) == EINVAL);
  hyp_shm_detach(one);
  return 0;
}
