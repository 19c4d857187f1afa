/* SPDX-FileCopyrightText: 2026 the qvm authors
 * SPDX-License-Identifier: BSD-2-Clause
 * Named shared memory regions of qvm, for host programs: a program attaches to a region and is a peer of the
 * guests in it. Valid C99 and C++. Link with `pkg-config --cflags --libs qvmshm`.
 */
#ifndef QVMSHM_H
#define QVMSHM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QVMSHM_MAX_CLIENTS 16              /* per region; indices 0..15 */
#define QVMSHM_PAGE_SIZE 4096              /* unit of sizes */
#define QVMSHM_MAX_NAME 31                 /* bytes, printable ASCII but '/'; not "." or ".." */
#define QVMSHM_POKE_ALL_BUT_ME 0xffffffffu /* the one value of a poke mask that is not taken literally */

/* Flags of qvmshm_attach(). */
#define QVMSHM_READ_ONLY 1u /* map the data for reading only, even if more is allowed */

/* A handle holds at most one attachment at a time. Any thread may call any function at any time, but for
 * qvmshm_close(), which must be the last; what qvmshm_data() points to must not be used during or after
 * qvmshm_detach(). Calls on one handle wait for each other; calls on different handles do not.
 * Functions that return int return 0 or an errno value. */
typedef struct qvmshm qvmshm_t;

/* Makes a handle, connected to the region manager (qvm-regiond) of runtime_dir. NULL: the environment
 * variable QVM_RUNTIME_DIR, else /run/qvm for root and $XDG_RUNTIME_DIR/qvm for others; where that is
 * missing, /run/user/UID/qvm or /tmp/qvm-UID. VMs need not run: where no region manager does, this starts the
 * one of the installation that the library belongs to, and makes the directory. It ends when nobody needs it.
 * That of another user is not started, nor any by a set-user-id program. label is shown by `qvm regions`;
 * NULL: the program's name. ENOENT or ECONNREFUSED: none is running there and none can be started; EACCES:
 * not allowed, or the directory that would be used is somebody else's; ETIMEDOUT, after 7 seconds at most;
 * ENOMEM; EPROTO: it has refused the connection; EINVAL: handle is NULL or runtime_dir is empty. *handle is
 * NULL after a failure. */
int qvmshm_open(const char* runtime_dir, const char* label, qvmshm_t** handle);

/* Attaches to the region, which is created with this many pages if it does not exist; 0 pages: only if it
 * exists. An existing region keeps its size. mode: permission bits of a region that this creates (execute
 * bits mean nothing); 0 means 0666. Waits for the region manager: at most 2 seconds
 * without a word from it, as long as it says that it is reserving the memory. EBUSY: the handle is
 * attached; ENOENT: 0 pages and no such region, or the manager cannot be reached; EINVAL: illegal name or
 * unknown flags; EACCES: the region's mode allows nothing; EUSERS: 16 clients, or the user's share of them;
 * ENOMEM: no memory or over a limit. */
int qvmshm_attach(qvmshm_t* handle, const char* name, uint32_t pages, uint32_t mode, unsigned flags);

/* Leaves the region: the data is unmapped, the others see this client's bit go. Detaching a handle that is
 * not attached does nothing. */
void qvmshm_detach(qvmshm_t* handle);

/* Detaches and frees. NULL does nothing. */
void qvmshm_close(qvmshm_t* handle);

/* Size of the region in pages; 0 if not attached. */
uint64_t qvmshm_size(qvmshm_t* handle);

/* The region's memory, qvmshm_size() pages of it; NULL if not attached. Its contents are written by every
 * peer: treat them as input. */
void* qvmshm_data(qvmshm_t* handle);

/* Nonzero if writing to the data is a segmentation fault. */
int qvmshm_is_read_only(qvmshm_t* handle);

/* This client's index, 0..15; -1 if not attached. */
int qvmshm_index(qvmshm_t* handle);

/* Bits 15..0: who poked me since the last call (bit = index); this call clears them. Bits 31..16: who is
 * attached, me included. 0 if not attached. */
uint32_t qvmshm_status(qvmshm_t* handle);

/* Signals the clients whose bits are set; bits of nobody are ignored. Never waits for anybody. ENOTCONN: not
 * attached. */
int qvmshm_poke(qvmshm_t* handle, uint32_t targets);

/* A descriptor that poll() and epoll report readable when qvmshm_status() may have news: a poke, a client
 * that came or went. Each wake-up must be answered with qvmshm_status(), which may turn out to have none. It
 * belongs to the handle and is the same until qvmshm_close(); do nothing with it but wait. */
int qvmshm_event_fd(qvmshm_t* handle);

#ifdef __cplusplus
}
#endif

#endif
