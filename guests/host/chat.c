/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* qvm-chat: the classic conversation in a region, from a terminal. Every client has a slot of 4 KiB, by its
 * index; whoever has something to say writes a line into its own slot and pokes all others. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <qvmshm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

enum { SLOT_BYTES = 4096, FAILURE = 1, USAGE = 2 };

static const char usage[] =
    "usage: qvm-chat [--runtime-dir DIR] [REGION]\n"
    "Says in REGION (default: testing) what you type, line by line, and shows what the others say, guests "
    "and programs\n"
    "alike. Ends with your input.\n"
    "  --runtime-dir DIR   of the qvm to talk to; default: $QVM_RUNTIME_DIR, /run/qvm for root,\n"
    "                      $XDG_RUNTIME_DIR/qvm or /tmp/qvm-UID for others\n";

/* The slot of a client, or NULL if the region is too small for it. */
static char* slot(qvmshm_t* shm, unsigned index) {
  if (index >= qvmshm_size(shm)) return NULL;
  return (char*)qvmshm_data(shm) + (size_t)index * SLOT_BYTES;
}

/* What a peer wrote may change while it is read, and may be no text: copied once, shown with dots for the
 * rest. */
static void show_line(unsigned client, const char* from) {
  char line[SLOT_BYTES];
  size_t length;
  memcpy(line, from, sizeof line);
  length = strnlen(line, sizeof line);
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) --length;
  printf("%u: ", client);
  for (size_t i = 0; i < length; ++i) {
    const unsigned char byte = (unsigned char)line[i];
    putchar(byte < 0x20 || byte == 0x7f ? '.' : byte);
  }
  putchar('\n');
}

/* 0 if it cannot be shown. */
static int show_news(qvmshm_t* shm, unsigned* attached) {
  const uint32_t status = qvmshm_status(shm);
  const unsigned now = status >> 16;
  for (unsigned i = 0; i < QVMSHM_MAX_CLIENTS; ++i) {
    if ((now & ~*attached & 1u << i) != 0)
      printf("* %u is here%s\n", i, (int)i == qvmshm_index(shm) ? ": you" : "");
    if ((status & 1u << i) != 0 && slot(shm, i) != NULL) show_line(i, slot(shm, i));
    if ((*attached & ~now & 1u << i) != 0) printf("* %u has left\n", i);
  }
  *attached = now;
  return output_written("qvm-chat");
}

/* 0 at the end of the input. */
static int say(qvmshm_t* shm) {
  char line[SLOT_BYTES] = {0};
  char* mine = slot(shm, (unsigned)qvmshm_index(shm));
  if (fgets(line, sizeof line, stdin) == NULL) return 0;
  if (qvmshm_is_read_only(shm)) {
    puts("* you may only listen here");
    return 1;
  }
  memcpy(mine, line, sizeof line);
  (void)qvmshm_poke(shm, QVMSHM_POKE_ALL_BUT_ME);
  return 1;
}

/* The exit status. */
static int talk(qvmshm_t* shm) {
  struct pollfd waiting[] = {{qvmshm_event_fd(shm), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  unsigned attached = 0;
  setvbuf(stdin, NULL, _IONBF,
          0); /* or a second line would wait in the buffer while poll() waits for a third */
  if (!show_news(shm, &attached)) return FAILURE;
  for (;;) {
    if (poll(waiting, 2, -1) < 0) continue;
    if (waiting[0].revents != 0 && !show_news(shm, &attached)) return FAILURE;
    if (waiting[1].revents == 0) continue;
    if (!say(shm)) return 0;
    if (!output_written("qvm-chat")) return FAILURE;
  }
}

int main(int argc, char** argv) {
  static const struct option options[] = {
      {"runtime-dir", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
  const char* runtime_directory = NULL;
  const char* region = "testing";
  qvmshm_t* shm = NULL;
  int error;
  int status;
  begin_output();
  for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'h') return fputs(usage, stdout), output_written("qvm-chat") ? 0 : FAILURE;
    if (option != 'r') return fputs(usage, stderr), USAGE;
    runtime_directory = optarg;
  }
  if (optind < argc) region = argv[optind++];
  if (optind < argc) return fputs(usage, stderr), USAGE;
  error = qvmshm_open(runtime_directory, "qvm-chat", &shm);
  if (error != 0) {
    fprintf(stderr,
            "qvm-chat: no region manager can be reached or started: %s (--runtime-dir and QVM_RUNTIME_DIR "
            "say where)\n",
            strerror(error));
    return FAILURE;
  }
  error = qvmshm_attach(shm, region, QVMSHM_MAX_CLIENTS, 0, 0);
  if (error == 0 && slot(shm, (unsigned)qvmshm_index(shm)) == NULL) error = ERANGE;
  if (error != 0) {
    fprintf(stderr, "qvm-chat: cannot join region '%s': %s\n", region,
            error == ERANGE ? "it is too small for a slot of 4 KiB for each client" : strerror(error));
    qvmshm_close(shm);
    return FAILURE;
  }
  status = talk(shm);
  qvmshm_close(shm);
  return status;
}
