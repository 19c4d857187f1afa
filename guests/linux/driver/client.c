// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The device file: what a program does with a region. The interface is described in
 * linux/guest_shm.h.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

#include "guest_shm.h"
#include "guest_shm_driver.h"
#include "linux/guest_shm.h"

/* A page fault maps so much around it, so that a copy through a region does not fault at every
 * page. */
#define FAULT_PAGES 512ul

/* Earlier kernels take a huge entry for one of memory that has a struct page, and follow it to
 * nowhere when such an address is given to a system call. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0) && defined(CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP) && \
	defined(CONFIG_TRANSPARENT_HUGEPAGE)
#define HUGE_MAPPINGS
#endif

struct client {
	struct guest_shm_device *device;
	struct mutex lock; /* connection */
	struct guest_shm_connection *connection;
	struct guest_shm_mailbox mailbox;
};

static int open_client(struct inode *inode, struct file *file)
{
	/* The driver's own: misc_open() leaves the misc device here. */
	struct guest_shm_device *device =
		container_of(file->private_data, struct guest_shm_device, file);
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	kref_get(&device->references);
	client->device = device;
	mutex_init(&client->lock);
	init_waitqueue_head(&client->mailbox.waiters);
	file->private_data = client;
	return stream_open(inode, file);
}

/* Under client->lock. */
static void detach(struct file *file, struct client *client)
{
	struct guest_shm_connection *connection = client->connection;

	if (!connection)
		return;
	client->connection = NULL;
	/* Before the region goes: its place may be given to another one. */
	unmap_mapping_range(file->f_mapping, connection->where, connection->bytes, 1);
	guest_shm_disconnect(client->device, connection);
	kfree(connection);
}

static int release_client(struct inode *inode, struct file *file)
{
	struct client *client = file->private_data;
	struct guest_shm_device *device = client->device;

	mutex_lock(&client->lock);
	detach(file, client);
	mutex_unlock(&client->lock);
	kfree(client);
	kref_put(&device->references, guest_shm_release_device);
	return 0;
}

static int attach(struct client *client, struct guest_shm_attach *wanted)
{
	struct guest_shm_connection *connection;
	int error;

	if (strnlen(wanted->name, sizeof(wanted->name)) == sizeof(wanted->name) ||
	    wanted->reserved != 0)
		return -EINVAL;
	connection = kzalloc(sizeof(*connection), GFP_KERNEL);
	if (!connection)
		return -ENOMEM;
	connection->mailbox = &client->mailbox;

	mutex_lock(&client->lock);
	error = client->connection ? -EBUSY : 0;
	if (!error)
		error = guest_shm_connect(client->device, wanted->name, wanted->pages, wanted->mode,
					  connection);
	if (!error) {
		client->connection = connection;
		wanted->pages = connection->bytes / GUEST_SHM_PAGE;
		wanted->index = connection->index;
		wanted->offset = connection->where;
	}
	mutex_unlock(&client->lock);
	if (error)
		kfree(connection);
	return error;
}

static int poke(struct client *client, u32 targets)
{
	int error = 0;

	mutex_lock(&client->lock);
	if (READ_ONCE(client->device->gone))
		error = -ENODEV;
	else if (!client->connection)
		error = -ENOTCONN;
	else
		writel(targets, client->connection->control + GUEST_SHM_CONTROL_NOTIFY);
	mutex_unlock(&client->lock);
	return error;
}

static long control_client(struct file *file, unsigned int command, unsigned long argument)
{
	struct client *client = file->private_data;
	void __user *user = (void __user *)argument;
	struct guest_shm_attach wanted;
	u32 targets;
	int error;

	switch (command) {
	case GUEST_SHM_ATTACH:
		if (copy_from_user(&wanted, user, sizeof(wanted)))
			return -EFAULT;
		error = attach(client, &wanted);
		if (error)
			return error;
		if (!copy_to_user(user, &wanted, sizeof(wanted)))
			return 0;
		error = -EFAULT;
		break;
	case GUEST_SHM_DETACH:
		error = 0;
		break;
	case GUEST_SHM_POKE:
		if (copy_from_user(&targets, user, sizeof(targets)))
			return -EFAULT;
		return poke(client, targets);
	default:
		return -ENOTTY;
	}
	/* Also if the process cannot be told of what it got. */
	mutex_lock(&client->lock);
	detach(file, client);
	mutex_unlock(&client->lock);
	return error;
}

/* 0 if there are news; -EAGAIN, -ENOTCONN or -ENODEV otherwise. Under device->lock. */
static int look(const struct client *client)
{
	if (client->device->gone)
		return -ENODEV;
	if (!client->mailbox.connected)
		return -ENOTCONN;
	return client->mailbox.senders || client->mailbox.changed ? 0 : -EAGAIN;
}

static int take_news(struct client *client, struct guest_shm_news *news)
{
	struct guest_shm_device *device = client->device;
	int error;

	spin_lock_irq(&device->lock);
	error = look(client);
	if (!error) {
		news->senders = client->mailbox.senders;
		news->attached = client->mailbox.attached;
		client->mailbox.senders = 0;
		client->mailbox.changed = false;
	}
	spin_unlock_irq(&device->lock);
	return error;
}

static ssize_t read_client(struct file *file, char __user *user, size_t size, loff_t *offset)
{
	struct client *client = file->private_data;
	struct guest_shm_news news;
	int error, interrupted;

	if (size < sizeof(news))
		return -EINVAL;
	error = take_news(client, &news);
	if (error == -EAGAIN && !(file->f_flags & O_NONBLOCK)) {
		interrupted = wait_event_interruptible(
			client->mailbox.waiters, (error = take_news(client, &news)) != -EAGAIN);
		if (interrupted)
			return interrupted;
	}
	if (error)
		return error;
	return copy_to_user(user, &news, sizeof(news)) ? -EFAULT : (ssize_t)sizeof(news);
}

static __poll_t poll_client(struct file *file, poll_table *table)
{
	struct client *client = file->private_data;
	int error;

	poll_wait(file, &client->mailbox.waiters, table);
	spin_lock_irq(&client->device->lock);
	error = look(client);
	spin_unlock_irq(&client->device->lock);
	if (error == -ENODEV)
		return EPOLLERR | EPOLLHUP;
	return error ? 0 : EPOLLIN | EPOLLRDNORM;
}

/* Of the mapping at this address. */
static unsigned long page_at(const struct vm_area_struct *area, unsigned long address)
{
	return area->vm_pgoff + ((address - area->vm_start) >> PAGE_SHIFT);
}

/* Under client->lock. */
static bool has_pages(const struct client *client, unsigned long first, unsigned long count)
{
	const struct guest_shm_connection *connection = client->connection;

	return !READ_ONCE(client->device->gone) && connection &&
	       first >= connection->where >> PAGE_SHIFT &&
	       first + count <= (connection->where + connection->bytes) >> PAGE_SHIFT;
}

/* Pages are entered here and not in mmap: a mapping that is being made while its region goes has
 * none then. */
static vm_fault_t fault(struct vm_fault *fault)
{
	struct vm_area_struct *area = fault->vma;
	struct client *client = area->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	unsigned long begin, end, address;

	mutex_lock(&client->lock);
	if (!has_pages(client, fault->pgoff, 1))
		goto out;
	begin = max(ALIGN_DOWN(fault->address, FAULT_PAGES * PAGE_SIZE), area->vm_start);
	end = min(begin + FAULT_PAGES * PAGE_SIZE, area->vm_end);
	for (address = begin; address < end; address += PAGE_SIZE) {
		const unsigned long page = page_at(area, address);
		vm_fault_t entered;

		/* The mapping may be older than the region, and longer. */
		if (!has_pages(client, page, 1))
			continue;
		entered = vmf_insert_pfn(area, address, page);
		if (address == ALIGN_DOWN(fault->address, PAGE_SIZE))
			result = entered;
		if (entered != VM_FAULT_NOPAGE)
			break;
	}
out:
	mutex_unlock(&client->lock);
	return result;
}

#ifdef HUGE_MAPPINGS
static vm_fault_t enter_huge_page(struct vm_fault *fault, unsigned long page)
{
	const bool write = fault->flags & FAULT_FLAG_WRITE;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
	return vmf_insert_pfn_pmd(fault, __pfn_to_pfn_t(page, PFN_DEV), write);
#else
	return vmf_insert_pfn_pmd(fault, page, write);
#endif
}

/* The device puts large regions where a huge page may begin. */
static vm_fault_t huge_fault(struct vm_fault *fault, unsigned int order)
{
	struct vm_area_struct *area = fault->vma;
	struct client *client = area->vm_private_data;
	const unsigned long begin = ALIGN_DOWN(fault->address, PMD_SIZE);
	const unsigned long count = PMD_SIZE / PAGE_SIZE;
	vm_fault_t result = VM_FAULT_FALLBACK;

	if (order != PMD_SHIFT - PAGE_SHIFT || begin < area->vm_start ||
	    begin + PMD_SIZE > area->vm_end || page_at(area, begin) % count != 0)
		return VM_FAULT_FALLBACK;
	mutex_lock(&client->lock);
	if (has_pages(client, page_at(area, begin), count))
		result = enter_huge_page(fault, page_at(area, begin));
	mutex_unlock(&client->lock);
	return result;
}
#endif

static const struct vm_operations_struct area_operations = {
	.fault = fault,
#ifdef HUGE_MAPPINGS
	.huge_fault = huge_fault,
#endif
};

static int map_client(struct file *file, struct vm_area_struct *area)
{
	struct client *client = file->private_data;
	const u64 first = (u64)area->vm_pgoff << PAGE_SHIFT;
	const u64 bytes = area->vm_end - area->vm_start;
	const struct guest_shm_connection *connection;
	int error = 0;

	/* A private copy would not be the region. */
	if (!(area->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&client->lock);
	connection = client->connection;
	if (READ_ONCE(client->device->gone))
		error = -ENODEV;
	else if (!connection)
		error = -ENOTCONN;
	else if (first < connection->where || first - connection->where > connection->bytes ||
		 bytes > connection->bytes - (first - connection->where))
		error = -EINVAL;
	mutex_unlock(&client->lock);
	if (error)
		return error;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(area, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
#else
	area->vm_flags |= VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;
#endif
	area->vm_private_data = client;
	area->vm_ops = &area_operations;
	return 0;
}

const struct file_operations guest_shm_operations = {
	.owner = THIS_MODULE,
	.open = open_client,
	.release = release_client,
	.unlocked_ioctl = control_client,
	.compat_ioctl = compat_ptr_ioctl,
	.read = read_client,
	.poll = poll_client,
	.mmap = map_client,
#ifdef HUGE_MAPPINGS
	.get_unmapped_area = thp_get_unmapped_area,
#endif
};
