/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cycles CYCLES PAGES: a host program that attaches and detaches again and again; prints nanoseconds per
 * cycle of each tenth of the run. QVM_RUNTIME_DIR says where. */
#include <inttypes.h>
#include <qvmshm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: host_cycles CYCLES PAGES\n");
    return 2;
  }
  const unsigned long cycles = strtoul(argv[1], NULL, 10) / 10;
  const uint32_t pages = (uint32_t)strtoul(argv[2], NULL, 10);
  qvmshm_t* handle = NULL;
  int error = qvmshm_open(NULL, "host_cycles", &handle);
  if (error != 0 || cycles == 0) {
    fprintf(stderr, "host_cycles: %s\n", strerror(error));
    return 1;
  }
  for (int tenth = 0; tenth < 10; ++tenth) {
    const uint64_t start = now_ns();
    for (unsigned long i = 0; i < cycles; ++i) {
      error = qvmshm_attach(handle, "cycles", pages, 0, 0);
      if (error != 0) {
        fprintf(stderr, "host_cycles: attach: %s\n", strerror(error));
        return 1;
      }
      qvmshm_detach(handle);
    }
    printf("%" PRIu64 "\n", (now_ns() - start) / cycles);
    fflush(stdout);
  }
  qvmshm_close(handle);
  return 0;
}
