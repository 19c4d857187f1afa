/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* The channels of the notify bench. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <qvmshm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

#define RETRY_US 20000

void give_up(const char* what) {
  fprintf(stderr, "notify-bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* The region: through the library of host programs, which is one on the driver's file in a guest. */

static void ring_region(struct channel* channel) {
  if (qvmshm_poke(channel->own, QVMSHM_POKE_ALL_BUT_ME) != 0) give_up("poke");
}

static bool take_region(struct channel* channel) {
  return (qvmshm_status(channel->own) & 0xffff) != 0;
}

void open_region(struct channel* channel) {
  qvmshm_t* handle;
  errno = qvmshm_open(NULL, "notify", &handle);
  if (errno == 0) errno = qvmshm_attach(handle, "notify", 1, 0, 0);
  if (errno != 0) give_up("region");
  *channel = (struct channel){"qvm", qvmshm_event_fd(handle), ring_region, take_region, handle};
}

/* ivshmem-doorbell. */

struct ivshmem {
  volatile uint32_t* doorbell; /* in a guest */
  uint32_t peer;
  int peer_event; /* on the host */
};

/* The first words of the shared memory: id of each role, plus 1. */
static uint32_t exchange_ids(volatile uint32_t* memory, enum role role, uint32_t own) {
  memory[role] = own + 1;
  while (memory[!role] == 0) usleep(RETRY_US);
  return memory[!role] - 1;
}

static bool take_ivshmem_in_guest(struct channel* channel) {
  uint32_t count; /* poll() said that it does not block */
  return read(channel->event, &count, sizeof count) == (ssize_t)sizeof count;
}

static void ring_ivshmem_in_guest(struct channel* channel) {
  const struct ivshmem* ivshmem = channel->own;
  *ivshmem->doorbell = ivshmem->peer << 16;
}

static bool take_event(struct channel* channel) {
  uint64_t count;
  return read(channel->event, &count, sizeof count) == (ssize_t)sizeof count;
}

static void ring_event(struct channel* channel) {
  const struct ivshmem* ivshmem = channel->own;
  const uint64_t one = 1;
  if (write(ivshmem->peer_event, &one, sizeof one) != (ssize_t)sizeof one) give_up("ivshmem event");
}

/* A BAR that is smaller than a page may begin within one. */
static void* map_bar(int number) {
  char path[64];
  unsigned long long begin = 0;
  snprintf(path, sizeof path, "/sys/class/uio/uio0/device/resource");
  FILE* list = fopen(path, "r");
  if (list == NULL) give_up(path);
  for (int i = 0; i <= number; ++i)
    if (fscanf(list, "%llx %*x %*x", &begin) != 1) give_up(path);
  fclose(list);
  snprintf(path, sizeof path, "/sys/class/uio/uio0/device/resource%d", number);
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) give_up(path);
  char* page = mmap(NULL, QVMSHM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) give_up(path);
  return page + begin % QVMSHM_PAGE_SIZE;
}

static void open_ivshmem_in_guest(struct channel* channel, enum role role) {
  struct ivshmem* ivshmem = calloc(1, sizeof *ivshmem);
  const int event = open("/dev/uio0", O_RDWR | O_CLOEXEC);
  if (event < 0) give_up("/dev/uio0");
  volatile uint32_t* registers = map_bar(0);
  ivshmem->doorbell = registers + 3;
  ivshmem->peer = exchange_ids(map_bar(2), role, registers[2]);
  *channel = (struct channel){"ivshmem", event, ring_ivshmem_in_guest, take_ivshmem_in_guest, ivshmem};
}

/* The next message of the server, and its descriptor or -1. */
static int64_t receive(int server, int* descriptor) {
  int64_t value;
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&value, sizeof value};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(server, &message, MSG_WAITALL) != (ssize_t)sizeof value) give_up("ivshmem server");
  const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  *descriptor = -1;
  if (header != NULL) memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
  return value;
}

static void open_ivshmem_on_host(struct channel* channel, enum role role, const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct ivshmem* ivshmem = calloc(1, sizeof *ivshmem);
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int memory, event = -1, descriptor;
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (connect(server, (struct sockaddr*)&address, sizeof address) != 0) give_up(path);
  receive(server, &descriptor); /* the protocol's version */
  const int64_t own = receive(server, &descriptor);
  receive(server, &memory);
  ivshmem->peer_event = -1;
  while (event < 0 || ivshmem->peer_event < 0) {
    int* const place = receive(server, &descriptor) == own ? &event : &ivshmem->peer_event;
    *place = descriptor;
  }
  volatile uint32_t* ids = mmap(NULL, QVMSHM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (ids == MAP_FAILED) give_up("ivshmem memory");
  exchange_ids(ids, role, (uint32_t)own);
  *channel = (struct channel){"ivshmem", event, ring_event, take_event, ivshmem};
}

void open_ivshmem(struct channel* channel, enum role role, const char* path) {
  if (*path == '\0') {
    open_ivshmem_in_guest(channel, role);
  } else {
    open_ivshmem_on_host(channel, role, path);
  }
}

/* TCP. */

static void ring_tcp(struct channel* channel) {
  if (send(channel->event, "!", 1, MSG_NOSIGNAL) != 1) give_up("send");
}

static bool take_tcp(struct channel* channel) {
  char byte;
  const ssize_t got = recv(channel->event, &byte, 1, MSG_DONTWAIT);
  if (got == 0) exit(0); /* the peer has gone */
  return got == 1;
}

void open_tcp(struct channel* channel, enum role role, const char* address, int port) {
  const int one = 1;
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (role == pong) {
    const int listener = connection;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr*)&peer, sizeof peer) != 0 || listen(listener, 1) != 0)
      give_up("listen");
    connection = accept(listener, NULL, NULL);
    close(listener);
  } else {
    inet_pton(AF_INET, address, &peer.sin_addr);
    while (connect(connection, (struct sockaddr*)&peer, sizeof peer) != 0) {
      close(connection);
      usleep(RETRY_US);
      connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
  }
  if (connection < 0) give_up("connection");
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  *channel = (struct channel){"tcp", connection, ring_tcp, take_tcp, NULL};
}
