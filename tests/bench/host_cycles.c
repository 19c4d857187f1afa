/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cycles CYCLES PAGES [held]: a host program that attaches and detaches again and again; prints
 * nanoseconds per cycle of each tenth of the run. held: another process is attached all the time and takes
 * note of who comes and goes. QVM_RUNTIME_DIR says where. */
#include <inttypes.h>
#include <poll.h>
#include <qvmshm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Attaches, says so by closing ready, and stays. */
static void hold(int ready, uint32_t pages) {
  qvmshm_t* handle = NULL;
  if (qvmshm_open(NULL, "holder", &handle) != 0 || qvmshm_attach(handle, "cycles", pages, 0, 0) != 0)
    _exit(1);
  close(ready);
  for (;;) {
    struct pollfd news = {.fd = qvmshm_event_fd(handle), .events = POLLIN, .revents = 0};
    poll(&news, 1, -1);
    qvmshm_status(handle);
  }
}

static pid_t start_holder(uint32_t pages) {
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return -1;
  const pid_t holder = fork();
  if (holder == 0) {
    close(ends[0]);
    hold(ends[1], pages);
  }
  close(ends[1]);
  if (read(ends[0], &byte, 1) < 0) perror("host_cycles");
  close(ends[0]);
  return holder;
}

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "held") != 0)) {
    fprintf(stderr, "usage: host_cycles CYCLES PAGES [held]\n");
    return 2;
  }
  const unsigned long cycles = strtoul(argv[1], NULL, 10) / 10;
  const uint32_t pages = (uint32_t)strtoul(argv[2], NULL, 10);
  const pid_t holder = argc == 4 ? start_holder(pages) : 0;
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
  if (holder > 0) {
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
  }
  return 0;
}
