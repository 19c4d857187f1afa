/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* A program as somebody would write it who has only the description of the device: no driver, the registers
 * at the configured address mapped from /dev/mem, polling. dev-mem ADDRESS: says "hello" in region "testing"
 * and prints what the first other one says. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint32_t* map(int memory, uint64_t where, size_t bytes) {
  void* at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)where);
  if (at == MAP_FAILED) {
    perror("dev-mem: mmap");
    exit(1);
  }
  return at;
}

int main(int argc, char** argv) {
  const int memory = open("/dev/mem", O_RDWR | O_SYNC);
  static const char name[] = "testing";
  volatile uint32_t *factory, *control;
  char* slots;
  uint32_t mine;
  if (argc != 2 || memory < 0) return 2;
  factory = map(memory, strtoull(argv[1], NULL, 0), 4096);
  if (factory[0] != 0x474d5651u || factory[1] != 0x4d534732u) return 3;
  for (size_t i = 0; i < sizeof name; ++i) ((volatile char*)factory)[0x1c + i] = name[i];
  factory[6] = 16;
  if (factory[5] != 0) return 4;
  control = map(memory, factory[2] | (uint64_t)factory[3] << 32, 17 * 4096);
  slots = (char*)control + 4096;
  mine = control[1];
  printf("dev-mem: client %u, vector %u\n", mine, factory[4]);
  fflush(stdout);
  strcpy(slots + mine * 4096, "hello by memory\n");
  control[2] = 0xffffffffu;
  for (int patience = 0; patience < 3000; ++patience) {
    const uint32_t senders = control[0] & 0xffff & ~(1u << mine);
    for (unsigned peer = 0; peer < 16; ++peer) {
      if ((senders & 1u << peer) == 0) continue;
      printf("dev-mem: %u says %.*s\n", peer, (int)strcspn(slots + peer * 4096, "\n"), slots + peer * 4096);
      control[3] = 1;
      return 0;
    }
    usleep(10000);
  }
  return 5;
}
