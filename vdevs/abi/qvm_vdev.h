/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* The interface between a vdev (a shared object, "vdev-NAME.so") and vmhost, which loads it into a VM's
 * process. Valid as C17 and as C++20. docs/vdev-abi.md explains it with a complete example. */
#ifndef QVM_VDEV_ABI_QVM_VDEV_H
#define QVM_VDEV_ABI_QVM_VDEV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "QVMVDEV1" as a little-endian number. */
#define QVM_VDEV_MAGIC UINT64_C(0x31564544564d5651)
/* Raised whenever a structure or a rule below changes. vmhost loads vdevs of the versions from
 * QVM_VDEV_ABI_OLDEST on, and shows each the services of its version only. */
#define QVM_VDEV_ABI_VERSION 5u
#define QVM_VDEV_ABI_OLDEST 4u

#define QVM_VDEV_WATCHDOG_BIT "the guest's watchdog bit"

#define QVM_VDEV_EXPORT __attribute__((visibility("default")))

/* THREADS
 * Every callback belongs to one of two kinds.
 *  - Locked: create, start, reset, stop, destroy (QEMU's main thread) and the trap callbacks (the thread of
 * the vCPU whose access it is). QEMU's global lock is held, so no two locked callbacks of a VM ever run at
 * once.
 *  - Event: watch and timer callbacks, in vmhost's one event thread, never two at once. QEMU's lock is held
 * if an interrupt line needs it (TCG, split or userspace irqchip, a PCI function) and is not held otherwise
 * (KVM's in-kernel irqchip): such a callback may run beside a locked one. So a vdev with event callbacks
 * guards its state by a mutex of its own. That mutex is always taken after QEMU's lock and never held across
 * a return. No callback may block: the whole VM waits. (create, start and a trap callback may wait for an
 * answer from a local process that itself never waits for QEMU, with a deadline.) No exception may leave a
 * callback. */

/* vmhost's side of one vdev; the first argument of every service. Valid until destroy returns. */
typedef struct qvm_vdev_context qvm_vdev_context;

/* Guest accesses. offset: bytes from the start of the trapped range or control page; width: 1, 2, 4 or 8, at
 * any alignment; value: little-endian, the low `width` bytes count. */
typedef struct qvm_vdev_trap_ops {
  uint64_t (*read)(void* cookie, uint64_t offset, unsigned width);
  void (*write)(void* cookie, uint64_t offset, unsigned width, uint64_t value);
} qvm_vdev_trap_ops;

/* What to put into the VM's region window: a trapped control page and directly after it `bytes` of a file. */
typedef struct qvm_vdev_mapping {
  int fd;         /* stays the caller's and may be closed after the call */
  int writable;   /* 0: the guest may read; its stores change nothing and are told to data_ops */
  uint64_t bytes; /* multiple of 4096, not 0; the file must be at least as long and stay so */
  const qvm_vdev_trap_ops* control_ops; /* valid while mapped */
  void* control_cookie;
  /* NULL, or for a mapping that is not writable: its `write` is told of each store of the guest to the data,
   * its `read` is not used. Valid while mapped. */
  const qvm_vdev_trap_ops* data_ops;
  void* data_cookie;
} qvm_vdev_mapping;

typedef void (*qvm_vdev_callback)(void* cookie);

enum qvm_vdev_log_level {
  QVM_VDEV_LOG_ERROR = 0,
  QVM_VDEV_LOG_WARNING = 1,
  QVM_VDEV_LOG_INFO = 2,
  QVM_VDEV_LOG_DEBUG = 3
};

/* What the option table of a vdev (schemas/option-table.schema.json) makes of an argument. */
enum qvm_vdev_value_kind {
  QVM_VDEV_VALUE_TEXT = 0,   /* anything that is none of the others, and what no table knows */
  QVM_VDEV_VALUE_NUMBER = 1, /* numbers, sizes, times and addresses */
  QVM_VDEV_VALUE_SWITCH = 2  /* "on", "enable", … */
};

typedef struct qvm_vdev_value {
  uint32_t kind; /* of qvm_vdev_value_kind */
  uint32_t reserved;
  uint64_t number;   /* of a switch: 1 or 0; of a text: 0 */
  const char* text;  /* as option_string gives it */
  const char* place; /* "left.qvmconf:13:9", or "" */
} qvm_vdev_value;

/* Who this vdev is and what the plan gave it. All strings are non-null and valid until destroy returns. */
typedef struct qvm_vdev_identity {
  const char* vm;    /* "left" */
  const char* id;    /* unique in its VM: "shmem0" */
  const char* type;  /* "shmem" */
  const char* name;  /* of the `name` option, or "" */
  const char* place; /* where the configuration says so: "left.qvmconf:12:6", or "" */
  /* Its registers: guest-physical. Of a vdev that is a PCI function: its BAR 0, whose place the guest
   * chooses, so that addresses are offsets in it and loc_address is 0. loc_length 0: it has none. */
  uint64_t loc_address;
  uint64_t loc_length;
  const char* interrupt_controller; /* "ioapic", or "" */
  int32_t interrupt_line;           /* -1: no `intr`; see line_number */
  uint32_t reserved;
  uint64_t window_address;   /* guest-physical */
  uint64_t window_length;    /* 0: no region window */
  const char* region_socket; /* of qvm-regiond, or "" */
} qvm_vdev_identity;

/* Services. Those that return int return 0 or a negative errno value. "locked" and "any" name the callbacks
 * in which a service may be used. */
typedef struct qvm_vdev_host {
  uint32_t abi_version; /* that of the vdev's descriptor */
  uint32_t struct_size; /* sizeof(qvm_vdev_host) of that version */

  /* any. */
  const qvm_vdev_identity* (*identity)(qvm_vdev_context* context);

  /* create, start. Guest accesses to [address, address+length) come to ops, until destroy. length: a multiple
   * of 4096, as address is. -EINVAL: not so; -EBUSY: something else of the machine answers there. ops must
   * stay valid. For a PCI function the range is all of its BAR 0: loc_address, loc_length. */
  int (*trap)(qvm_vdev_context* context, uint64_t address, uint64_t length, const qvm_vdev_trap_ops* ops,
              void* cookie);

  /* locked. Chooses a free place in the window, maps there and stores the control page's guest-physical
   * address; the data begin 4096 bytes after it, on a 2 MiB boundary if they are 2 MiB or longer. On return
   * every vCPU sees them. -ENODEV: no window; -EINVAL: bad mapping; -EMFILE: too many mappings; -ENOSPC: no
   * room; others: of mmap. */
  int (*window_map)(qvm_vdev_context* context, const qvm_vdev_mapping* mapping, uint64_t* control_address);
  /* locked. The place then reads all-ones and ignores stores; it rests before it is used again.
   * control_address must be of a mapping of this vdev. */
  void (*window_unmap)(qvm_vdev_context* context, uint64_t control_address);

  /* any. Level of this vdev's interrupt line (initially 0). Vdevs on the same pin are ORed. Nothing if there
   * is none. */
  void (*line_set)(qvm_vdev_context* context, int level);
  /* locked. The number of that line as the guest knows it (x86: the global system interrupt), -1 if there is
   * none. Of a PCI function it changes whenever the guest or its firmware routes its interrupt. */
  int32_t (*line_number)(qvm_vdev_context* context);

  /* any. Calls back (event) while fd is readable; at most one watch per fd. After unwatch a call that already
   * began may still finish, so what cookie points to must live until destroy. Unwatch before closing fd. */
  int (*watch)(qvm_vdev_context* context, int fd, qvm_vdev_callback callback, void* cookie);
  void (*unwatch)(qvm_vdev_context* context, int fd);

  /* any. Calls back (event) once, at the earliest after delay_ns; the result (never 0) is for timer_cancel,
   * which has the same rule as unwatch. Cancelling a timer that has fired does nothing. */
  uint64_t (*timer_start)(qvm_vdev_context* context, uint64_t delay_ns, qvm_vdev_callback callback,
                          void* cookie);
  void (*timer_cancel)(qvm_vdev_context* context, uint64_t timer);

  /* any. One line, without line end; the vdev's id is put in front. */
  void (*log)(qvm_vdev_context* context, int level, const char* text);

  /* any. The options of this vdev as the configuration gives them. occurrence counts the uses of one option
   * from 0, argument the comma-separated arguments of one use from 0. */
  size_t (*option_count)(qvm_vdev_context* context, const char* option);
  size_t (*option_arguments)(qvm_vdev_context* context, const char* option, size_t occurrence);
  /* NULL if there is no such argument; valid until destroy returns. */
  const char* (*option_string)(qvm_vdev_context* context, const char* option, size_t occurrence,
                               size_t argument);
  /* The number that the option table made of it; without a table: decimal, 0x… or 0d…, with an optional
   * suffix K, M or G (times 1024, …). -ENOENT: no such argument; -EINVAL: not a number; -ERANGE: more than 64
   * bits. */
  int (*option_u64)(qvm_vdev_context* context, const char* option, size_t occurrence, size_t argument,
                    uint64_t* value);

  /* any but create and start, which return their failures. For a device that cannot go on: ends the VM's
   * process at once, with text (one phrase, no line end) as the reason that its user sees. Does not return.
   * With QVM_VDEV_WATCHDOG_BIT the VM ends as one whose watchdog bit, not as one whose device failed. */
  void (*fail)(qvm_vdev_context* context, const char* text);

  /* Since version 5. any. An argument as the option table has read it, which is how the linter and the plan
   * have read it. What value points to is valid until destroy returns. -ENOENT: no such argument. */
  int (*option_value)(qvm_vdev_context* context, const char* option, size_t occurrence, size_t argument,
                      qvm_vdev_value* value);
} qvm_vdev_host;

/* What qvm_vdev_entry returns. Constant for the life of the process. */
typedef struct qvm_vdev_descriptor {
  uint64_t magic;       /* QVM_VDEV_MAGIC */
  uint32_t abi_version; /* QVM_VDEV_ABI_VERSION */
  uint32_t struct_size; /* sizeof(qvm_vdev_descriptor), the same since version 4 */
  const char* name;     /* the type that a configuration names: "shmem" */

  /* Once per configured vdev, before the guest's first instruction: reads the options, claims its traps.
   * Returns 0 and sets *device, or non-zero with the reason in error (one phrase, no line end): then the VM
   * does not start. */
  int (*create)(const qvm_vdev_host* host, qvm_vdev_context* context, void** device, char* error,
                size_t error_size);
  /* Once, after all vdevs of the VM were created: connects to whatever it needs. Non-zero: as create. */
  int (*start)(void* device, char* error, size_t error_size);
  /* The machine is reset (also once before the first instruction): back to the power-on state. No vCPU runs.
   */
  void (*reset)(void* device);
  /* The VM ends, or a later vdev failed to start. No callback of this vdev runs from here on but destroy. */
  void (*stop)(void* device);
  /* Frees the device; also after a start that failed. */
  void (*destroy)(void* device);
} qvm_vdev_descriptor;

/* The one symbol that a vdev exports. */
QVM_VDEV_EXPORT const qvm_vdev_descriptor* qvm_vdev_entry(void);

#ifdef __cplusplus
}
#endif

#endif
