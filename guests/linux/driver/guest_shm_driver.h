/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside of the driver: a device is a factory page and an interrupt; a client is an open file; a
 * connection is a client's attachment to a region.
 *
 * Locks, outer first: client->lock, device->factory_lock, device->lock (also taken by the interrupt
 * handler). Nothing is copied from or to a process while one is held, for a page fault of a mapping
 * takes client->lock.
 */
#ifndef GUEST_SHM_DRIVER_H
#define GUEST_SHM_DRIVER_H

#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#define GUEST_SHM_DRIVER_NAME "guest-shm"
#define GUEST_SHM_PAGE 4096u

struct guest_shm_device {
	struct kref references; /* one of the binding, one per open file */
	struct device *parent;	/* for messages; valid until gone */
	int irq;
	void __iomem *factory;
	struct mutex factory_lock; /* name, size and the answer belong together */
	spinlock_t lock;	   /* connections, and the news in them */
	struct list_head connections;
	bool gone; /* changes under both locks */
	int number;
	char name[16];
	struct miscdevice file;
};

/* What a client has not read yet. Under device->lock. */
struct guest_shm_mailbox {
	bool connected;
	bool changed; /* attached is not what was read last */
	u32 senders;
	u32 attached;
	wait_queue_head_t waiters;
};

struct guest_shm_connection {
	struct list_head entry;
	struct guest_shm_mailbox *mailbox; /* the client's */
	void __iomem *control;
	void *data; /* keeps the memory type of the range write-back */
	phys_addr_t where;
	u64 bytes;
	u32 index;
};

/*
 * factory: where the page is; it is claimed here. Detaches what an earlier kernel left attached,
 * and makes /dev/guest-shmN. irq: shared. Everything ends with parent's binding; open files get
 * ENODEV then.
 */
int guest_shm_add(struct device *parent, phys_addr_t factory, int irq);
/* Leaves all regions: the machine is about to stop or to start another kernel. */
void guest_shm_shutdown(struct device *parent);

/* 0 or -errno; the factory's status is translated. */
int guest_shm_connect(struct guest_shm_device *device, const char *name, u32 pages, u32 mode,
		      struct guest_shm_connection *connection);
/* Leaves the region, unless the device has gone: then that was done. */
void guest_shm_disconnect(struct guest_shm_device *device, struct guest_shm_connection *connection);
void guest_shm_release_device(struct kref *references);

extern const struct file_operations guest_shm_operations;

#endif
