/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host program has to do so that nothing it prints is lost unnoticed. For C and C++. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* To be called first. A standard stream that is closed is taken by a file that cannot be written: or else the
 * connection to qvm would be one of them, and be printed into. A file that may not grow is a write that
 * fails. */
static inline void begin_output(void) {
  int fd = 0;
  signal(SIGXFSZ, SIG_IGN);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd > STDERR_FILENO) close(fd);
}

/* Whether all that was printed so far has been written. If not, says why, except to a reader that is gone. */
static inline int output_written(const char* program) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return 1;
  if (errno != EPIPE) fprintf(stderr, "%s: write to standard output: %s\n", program, strerror(errno));
  return 0;
}

#endif
