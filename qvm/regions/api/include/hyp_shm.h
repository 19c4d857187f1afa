/* SPDX-FileCopyrightText: 2026 the qvm authors
 * SPDX-License-Identifier: BSD-2-Clause
 * The names that host programs on the QNX hypervisor use for shared memory, on top of libqvmshm. Valid C99
 * and C++; no library of its own: link with `pkg-config --cflags --libs qvmshm`.
 *
 * What is different here: a channel and its pulse have no counterpart. The arguments for them are accepted
 * and ignored; a program waits with poll() on hyp_shm_event_fd() instead, and then reads hyp_shm_status().
 * hyp_shm_verify() is missing: what it does is not public, and no public program calls it.
 */
#ifndef HYP_SHM_H
#define HYP_SHM_H

#include <errno.h>
#include <qvmshm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HYP_SHM_MAX_CLIENTS QVMSHM_MAX_CLIENTS
#define HYP_SHM_POKE_ALL 0xffffu /* every client, the caller as well */
#define HYP_SHM_POKE_ALL_BUT_ME QVMSHM_POKE_ALL_BUT_ME

/* QNX's errno.h has a name for success, which its programs compare results with. */
#ifndef EOK
#define EOK 0
#endif

struct hyp_shm {
  qvmshm_t* handle; /* NULL until attached */
  void* client;     /* the program's own bytes, behind this structure */
  char name[QVMSHM_MAX_NAME + 1];
};

/* Makes a structure for one attachment, with client_bytes zeroed bytes of the program's own: see
 * hyp_shm_client(). NULL: no memory. */
static inline struct hyp_shm* hyp_shm_create(unsigned client_bytes) {
  /* Aligned for whatever a program puts there. */
  const size_t own = (sizeof(struct hyp_shm) + 15u) / 16u * 16u;
  struct hyp_shm* shm = (struct hyp_shm*)calloc(1, own + client_bytes);
  if (shm != NULL) shm->client = (char*)shm + own;
  return shm;
}

/* The bytes that hyp_shm_create() was asked for. They live until hyp_shm_detach(). */
static inline void* hyp_shm_client(const struct hyp_shm* shm) {
  return shm->client;
}

/* Attaches to the region of that name, or creates it with this many pages. mode: permission bits of a region
 * that this creates; 0 means 0666. gid: only (gid_t)-1, the program's own. Returns 0 or an errno value: those
 * of qvmshm_open() and qvmshm_attach(); ENOTSUP for another gid. */
static inline int hyp_shm_attach_ext(struct hyp_shm* shm, const char* name, unsigned pages, int channel,
                                     int priority, int code, const void* value, unsigned mode, gid_t gid) {
  int error;
  (void)channel;
  (void)priority;
  (void)code;
  (void)value;
  if (gid != (gid_t)-1) return ENOTSUP;
  if (shm->handle == NULL) {
    error = qvmshm_open(NULL, NULL, &shm->handle);
    if (error != 0) return error;
  }
  error = qvmshm_attach(shm->handle, name, pages, mode, 0);
  if (error == 0) {
    memset(shm->name, 0, sizeof shm->name);
    strncpy(shm->name, name, sizeof shm->name - 1);
  }
  return error;
}

static inline int hyp_shm_attach(struct hyp_shm* shm, const char* name, unsigned pages, int channel,
                                 int priority, int code, const void* value) {
  return hyp_shm_attach_ext(shm, name, pages, channel, priority, code, value, 0, (gid_t)-1);
}

/* In pages. */
static inline unsigned hyp_shm_size(const struct hyp_shm* shm) {
  return (unsigned)qvmshm_size(shm->handle);
}

static inline void* hyp_shm_data(const struct hyp_shm* shm) {
  return qvmshm_data(shm->handle);
}

static inline const char* hyp_shm_name(const struct hyp_shm* shm) {
  return shm->name;
}

static inline unsigned hyp_shm_idx(const struct hyp_shm* shm) {
  return (unsigned)qvmshm_index(shm->handle);
}

/* Bits 15..0: who poked since the last call; bits 31..16: who is attached. */
static inline unsigned hyp_shm_status(struct hyp_shm* shm) {
  return qvmshm_status(shm->handle);
}

/* Signals the clients whose bits are set; HYP_SHM_POKE_ALL and HYP_SHM_POKE_ALL_BUT_ME name them all. Returns
 * 0 or an errno value: ENOTCONN before the attach. A program need not look at it. */
static inline int hyp_shm_poke(struct hyp_shm* shm, unsigned targets) {
  return shm->handle == NULL ? ENOTCONN : qvmshm_poke(shm->handle, targets);
}

/* Leaves the region and frees the structure. */
static inline void hyp_shm_detach(struct hyp_shm* shm) {
  if (shm == NULL) return;
  qvmshm_close(shm->handle);
  free(shm);
}

/* Readable when hyp_shm_status() may have news; see qvmshm_event_fd(). -1 before the attach. */
static inline int hyp_shm_event_fd(const struct hyp_shm* shm) {
  return shm->handle == NULL ? -1 : qvmshm_event_fd(shm->handle);
}

#ifdef __cplusplus
}
#endif

#endif
