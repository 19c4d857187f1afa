/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs in a Linux guest: copies within ordinary memory, into a region and out of it, in turns, and says how
 * long each took. All memory has been touched before. One line per size of block; times are medians, of one
 * block. */
#include <qvmshm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define LARGEST (16u << 20)
#define SMALLEST (64u << 10)
#define ENOUGH (1u << 20) /* bytes that are copied for one sample */
#define MAXIMUM_TURNS 1001

enum { ordinary, into, out_of, into_permille, out_of_permille, kinds };
static const char* const names[kinds] = {"ordinary_ns", "into_ns", "out_of_ns", "into_permille",
                                         "out_of_permille"};
static uint64_t samples[kinds][MAXIMUM_TURNS];

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static char* anonymous(void) {
  void* memory = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memset(memory, 1, LARGEST);
}

/* ns per block */
static uint64_t copy(char* to, const char* from, size_t block) {
  const size_t rounds = block < ENOUGH ? ENOUGH / block : 1;
  const uint64_t begin = now_ns();
  for (size_t i = 0; i < rounds; ++i) {
    memcpy(to, from, block);
    __asm__ volatile("" ::: "memory"); /* none of the copies is superfluous */
  }
  return (now_ns() - begin) / rounds;
}

static int by_value(const void* left, const void* right) {
  const uint64_t a = *(const uint64_t*)left, b = *(const uint64_t*)right;
  return (a > b) - (a < b);
}

static unsigned long median(uint64_t* values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
  return (unsigned long)values[count / 2];
}

int main(int argc, char** argv) {
  const size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 31;
  char *source = anonymous(), *target = anonymous(), *region;
  qvmshm_t* handle;
  int error = turns == 0 || turns > MAXIMUM_TURNS;
  if (!error) error = qvmshm_open(NULL, "copy", &handle);
  if (!error) error = qvmshm_attach(handle, "copy", LARGEST / QVMSHM_PAGE_SIZE, 0, 0);
  if (error) {
    fprintf(stderr, "copy-bench: %s\n", strerror(error));
    return 1;
  }
  region = memset(qvmshm_data(handle), 1, LARGEST);
  for (size_t block = SMALLEST; block <= LARGEST; block *= 4) {
    for (size_t turn = 0; turn < turns; ++turn) {
      samples[ordinary][turn] = copy(target, source, block);
      samples[into][turn] = copy(region, source, block);
      samples[out_of][turn] = copy(target, region, block);
      samples[into_permille][turn] = samples[ordinary][turn] * 1000 / samples[into][turn];
      samples[out_of_permille][turn] = samples[ordinary][turn] * 1000 / samples[out_of][turn];
    }
    printf("copy-%zu", block >> 10);
    for (int kind = 0; kind < kinds; ++kind) printf(" %s=%lu", names[kind], median(samples[kind], turns));
    printf("\n");
  }
  qvmshm_close(handle);
  return 0;
}
