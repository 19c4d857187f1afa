/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* The round trip of a notification between two programs, in Linux guests or on the host, through a region,
 * through ivshmem-doorbell and through TCP, in turns. Every program waits in poll() and then reads. `pong`
 * answers until it is killed; `ping` measures and says per channel NAME median_ns= p90_ns= p99_ns= mean_ns=.
 * notify-bench ping|pong ADDRESS PORT IVSHMEM-SOCKET ROUNDS BLOCK; the socket is empty in a guest. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

enum { channel_count = 3 };

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Whether the peer has rung, at the latest after so long; -1: without a limit. */
static bool wait_for(struct channel* channel, int milliseconds) {
  struct pollfd event = {channel->event, POLLIN, 0};
  for (;;) {
    const int ready = poll(&event, 1, milliseconds);
    if (ready < 0) give_up("poll");
    if (ready == 0) return false;
    if (channel->take(channel)) return true;
  }
}

static void echo(struct channel* channel) {
  for (;;) {
    wait_for(channel, -1);
    channel->ring(channel);
  }
}

/* Rings until the first answer comes: a doorbell is lost while the peer's VMM has not heard of us. Then lets
 * late answers run out, and warms up. */
static void meet(struct channel* channel) {
  do channel->ring(channel);
  while (!wait_for(channel, 50));
  while (wait_for(channel, 200)) {
  }
  for (int i = 0; i < 100; ++i) {
    channel->ring(channel);
    wait_for(channel, -1);
  }
}

static int by_value(const void* left, const void* right) {
  const uint64_t a = *(const uint64_t*)left, b = *(const uint64_t*)right;
  return (a > b) - (a < b);
}

static void summarize(const char* name, uint64_t* samples, size_t count) {
  uint64_t sum = 0;
  qsort(samples, count, sizeof *samples, by_value);
  for (size_t i = 0; i < count; ++i) sum += samples[i];
  printf("%s median_ns=%llu p90_ns=%llu p99_ns=%llu mean_ns=%llu\n", name,
         (unsigned long long)samples[count / 2], (unsigned long long)samples[count * 9 / 10],
         (unsigned long long)samples[count * 99 / 100], (unsigned long long)(sum / count));
}

static void measure(struct channel* channels, size_t rounds, size_t block) {
  uint64_t* samples[channel_count];
  for (int i = 0; i < channel_count; ++i) {
    samples[i] = calloc(rounds, sizeof **samples);
    meet(&channels[i]);
  }
  for (size_t done = 0; done < rounds; done += block) {
    for (int i = 0; i < channel_count; ++i) {
      for (size_t round = done; round < done + block && round < rounds; ++round) {
        const uint64_t begin = now_ns();
        channels[i].ring(&channels[i]);
        wait_for(&channels[i], -1);
        samples[i][round] = now_ns() - begin;
      }
    }
  }
  for (int i = 0; i < channel_count; ++i) summarize(channels[i].name, samples[i], rounds);
}

int main(int argc, char** argv) {
  struct channel channels[channel_count];
  if (argc != 7 || atoi(argv[5]) <= 0 || atoi(argv[6]) <= 0) {
    fprintf(stderr, "usage: notify-bench ping|pong ADDRESS PORT IVSHMEM-SOCKET ROUNDS BLOCK\n");
    return 2;
  }
  const enum role role = strcmp(argv[1], "ping") == 0 ? ping : pong;
  open_region(&channels[0]);
  open_ivshmem(&channels[1], role, argv[4]);
  open_tcp(&channels[2], role, argv[2], atoi(argv[3]));
  if (role == ping) {
    measure(channels, (size_t)atoi(argv[5]), (size_t)atoi(argv[6]));
    return 0;
  }
  for (int i = 0; i < channel_count; ++i)
    if (fork() == 0) echo(&channels[i]);
  while (wait(NULL) > 0) {
  }
  return 0;
}
