/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* What the notify bench measures: ways to wake a program somewhere else and to be woken by it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct channel {
  const char* name;
  int event;                     /* poll() says that it is readable when there may be a ring to take */
  void (*ring)(struct channel*); /* wakes the peer */
  bool (*take)(struct channel*); /* whether the peer has rung since the last call; never waits */
  void* own;
};

enum role { ping, pong };

/* Each waits until the peer is there, fills in the channel, and ends the process if it cannot. */
void open_region(struct channel* channel);
/* In a guest: the device behind /dev/uio0. On the host: path is the socket of the server. */
void open_ivshmem(struct channel* channel, enum role role, const char* path);
/* pong listens on the port of all addresses; ping connects to the address. */
void open_tcp(struct channel* channel, enum role role, const char* address, int port);

__attribute__((noreturn)) void give_up(const char* what);
