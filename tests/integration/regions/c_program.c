/* SPDX-FileCopyrightText: 2026 the qvm authors
 * SPDX-License-Identifier: BSD-2-Clause
 * A host program in plain C: answers the first signal in region "moo" with a greeting, then leaves.
 * Exit status 0 if all went as documented, else the number of the line that did not. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <qvmshm.h>

#define CHECK(condition)                      \
  do {                                        \
    if (!(condition)) return __LINE__ & 0xff; \
  } while (0)

static int wait_for(qvmshm_t* shm, uint32_t bits) {
  struct pollfd waiting = {qvmshm_event_fd(shm), POLLIN, 0};
  for (;;) {
    if ((qvmshm_status(shm) & bits) != 0) return 1;
    if (poll(&waiting, 1, 5000) != 1) return 0;
  }
}

int main(int argc, char** argv) {
  qvmshm_t* shm = NULL;
  CHECK(argc == 2);
  CHECK(qvmshm_open("/none/there", NULL, &shm) == ENOENT && shm == NULL);
  CHECK(qvmshm_open(argv[1], "c-program", &shm) == 0);
  CHECK(qvmshm_index(shm) == -1 && qvmshm_size(shm) == 0 && qvmshm_data(shm) == NULL);
  CHECK(qvmshm_poke(shm, 1) == ENOTCONN);
  CHECK(qvmshm_attach(shm, "no such", 0, 0, 0) == ENOENT);
  CHECK(qvmshm_attach(shm, "a/b", 1, 0, 0) == EINVAL);
  CHECK(qvmshm_attach(shm, "moo", 1, 0, 8) == EINVAL);
  CHECK(qvmshm_attach(shm, "moo", 9, 0, 0) == 0);
  CHECK(qvmshm_attach(shm, "moo", 9, 0, 0) == EBUSY);
  CHECK(qvmshm_size(shm) == 2 && qvmshm_index(shm) == 1 && !qvmshm_is_read_only(shm));
  CHECK(wait_for(shm, 1u << 0));
  CHECK(strcmp(qvmshm_data(shm), "hello from C++") == 0);
  strcpy((char*)qvmshm_data(shm) + QVMSHM_PAGE_SIZE, "hello from C");
  CHECK(qvmshm_poke(shm, QVMSHM_POKE_ALL_BUT_ME) == 0);
  qvmshm_detach(shm);
  qvmshm_detach(shm);
  CHECK(qvmshm_status(shm) == 0);
  CHECK(qvmshm_attach(shm, "other", 1, 0600, QVMSHM_READ_ONLY) == 0);
  CHECK(qvmshm_is_read_only(shm) && qvmshm_status(shm) == 0x00010000u);
  qvmshm_close(shm);
  return 0;
}
