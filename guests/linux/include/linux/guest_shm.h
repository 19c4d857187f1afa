/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * What /dev/guest-shmN offers to programs in a Linux guest. One device file per `vdev shmem`; every open file
 * is a client that is attached to one region at a time.
 *
 *   ioctl  GUEST_SHM_ATTACH, GUEST_SHM_DETACH, GUEST_SHM_POKE
 *   mmap   MAP_SHARED at `offset` of the attach: the region's data. It may be mapped several times, and in
 * parts. After a detach, touching it is SIGBUS. read   one struct guest_shm_news; waits until there are some,
 * or EAGAIN with O_NONBLOCK; ENOTCONN while not attached poll   readable while there are news; EPOLLERR |
 * EPOLLHUP when the device has gone (everything else: ENODEV)
 *
 * Closing the file detaches, however the process ended.
 */
#ifndef GUEST_SHM_UAPI_H
#define GUEST_SHM_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GUEST_SHM_NAME_SIZE 32 /* with the NUL */
#define GUEST_SHM_ALL_BUT_ME 0xffffffffu

/*
 * Attaches to region `name`. pages: wanted if it does not exist yet (units of 4096 bytes); 0: only if it
 * exists. mode: permission bits of a region that this creates; 0: 0666. EBUSY: this file is attached; EINVAL:
 * no legal name, or `reserved` is not 0; ENOENT: no such region and 0 pages; EACCES; EUSERS: too many
 * clients; ENOMEM; EIO: the device knows no reason.
 */
struct guest_shm_attach {
  char name[GUEST_SHM_NAME_SIZE];
  __u32 pages; /* in: wanted; out: of the region */
  __u32 mode;
  __u32 index; /* out: this client's, 0..15 */
  __u32 reserved;
  __u64 offset; /* out: for mmap */
};

struct guest_shm_news {
  __u32 senders;  /* who poked this client since the last read: a bit per index */
  __u32 attached; /* who is attached, this client included */
};

#define GUEST_SHM_ATTACH _IOWR('Q', 0x60, struct guest_shm_attach)
#define GUEST_SHM_DETACH _IO('Q', 0x61)       /* not attached: 0 all the same */
#define GUEST_SHM_POKE _IOW('Q', 0x62, __u32) /* a bit per index, or GUEST_SHM_ALL_BUT_ME; ENOTCONN */

#endif
