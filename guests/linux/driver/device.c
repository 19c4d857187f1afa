// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The registers: attaching through the factory page, and the interrupt that all connections of a
 * device share.
 */
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "guest_shm.h"
#include "guest_shm_driver.h"

static DEFINE_IDA(numbers);

static const int errors[] = {
	[GSS_OK] = 0,
	[GSS_UNKNOWN_FAILURE] = -EIO,
	[GSS_NO_MEMORY] = -ENOMEM,
	[GSS_CLIENT_MAX] = -EUSERS,
	[GSS_ILLEGAL_NAME] = -EINVAL,
	[GSS_NO_PERMISSION] = -EACCES,
	[GSS_DOES_NOT_EXIST] = -ENOENT,
};

/* Takes the connection's status; the read clears it in the device. Under device->lock. */
static bool take_status(struct guest_shm_connection *connection)
{
	const u32 status = readl(connection->control + GUEST_SHM_CONTROL_STATUS);
	struct guest_shm_mailbox *mailbox = connection->mailbox;
	const bool changed = guest_shm_attached(status) != mailbox->attached;

	mailbox->senders |= guest_shm_senders(status);
	mailbox->attached = guest_shm_attached(status);
	mailbox->changed |= changed;
	return guest_shm_senders(status) != 0 || changed;
}

/* The line is level triggered and stays high until every status that has news was read. */
static irqreturn_t on_interrupt(int irq, void *context)
{
	struct guest_shm_device *device = context;
	struct guest_shm_connection *connection;
	irqreturn_t result = IRQ_NONE;

	spin_lock(&device->lock);
	list_for_each_entry(connection, &device->connections, entry)
	{
		if (!take_status(connection))
			continue;
		result = IRQ_HANDLED;
		wake_up_interruptible_poll(&connection->mailbox->waiters, EPOLLIN | EPOLLRDNORM);
	}
	spin_unlock(&device->lock);
	return result;
}

static u64 read_address(struct guest_shm_device *device)
{
	const u64 low = readl(device->factory + GUEST_SHM_FACTORY_SHMEM);

	return low | (u64)readl(device->factory + GUEST_SHM_FACTORY_SHMEM + 4) << 32;
}

/* Under factory_lock. */
static int attach(struct guest_shm_device *device, const char *name, u32 pages, u32 mode,
		  u64 *address, u64 *bytes)
{
	u32 words[GUEST_SHM_NAME_BYTES / sizeof(u32)] = {0};
	u32 status;
	size_t i;

	strscpy((char *)words, name, sizeof(words));
	writel(mode, device->factory + GUEST_SHM_FACTORY_FLAGS);
	for (i = 0; i < ARRAY_SIZE(words); ++i)
		writel(words[i], device->factory + GUEST_SHM_FACTORY_NAME + i * sizeof(u32));
	writel(pages, device->factory + GUEST_SHM_FACTORY_SIZE);
	status = readl(device->factory + GUEST_SHM_FACTORY_STATUS);
	if (status != GSS_OK) {
		if (status == GSS_UNKNOWN_FAILURE && pages == 0)
			return -ENOENT;
		return status < ARRAY_SIZE(errors) ? errors[status] : -EIO;
	}
	*address = read_address(device);
	*bytes = (u64)readl(device->factory + GUEST_SHM_FACTORY_SIZE) * GUEST_SHM_PAGE;
	return 0;
}

static void unmap(struct guest_shm_connection *connection)
{
	if (connection->data)
		memunmap(connection->data);
	if (connection->control)
		iounmap(connection->control);
	connection->data = NULL;
	connection->control = NULL;
}

static int map(struct guest_shm_connection *connection, u64 address, u64 bytes)
{
	connection->where = address + GUEST_SHM_PAGE;
	connection->bytes = bytes;
	connection->control = ioremap(address, GUEST_SHM_PAGE);
	if (!connection->control)
		return -ENOMEM;
	connection->data = memremap(connection->where, bytes, MEMREMAP_WB);
	if (connection->data)
		return 0;
	writel(1, connection->control + GUEST_SHM_CONTROL_DETACH);
	unmap(connection);
	return -ENOMEM;
}

/* Under factory_lock. */
static int connect(struct guest_shm_device *device, const char *name, u32 pages, u32 mode,
		   struct guest_shm_connection *connection)
{
	u64 address, bytes;
	int error = attach(device, name, pages, mode, &address, &bytes);

	if (!error)
		error = map(connection, address, bytes);
	if (!error) {
		connection->index = readl(connection->control + GUEST_SHM_CONTROL_INDEX);
		spin_lock_irq(&device->lock);
		connection->mailbox->connected = true;
		take_status(connection);
		list_add(&connection->entry, &device->connections);
		spin_unlock_irq(&device->lock);
	}
	return error;
}

int guest_shm_connect(struct guest_shm_device *device, const char *name, u32 pages, u32 mode,
		      struct guest_shm_connection *connection)
{
	int error = -ENODEV;

	mutex_lock(&device->factory_lock);
	if (!device->gone) {
		/* A peer may be quicker than we are with what follows the attach. Nobody could take
		 * its news yet: the line would stay high, and the kernel would give it up. */
		disable_irq(device->irq);
		error = connect(device, name, pages, mode, connection);
		enable_irq(device->irq);
	}
	mutex_unlock(&device->factory_lock);
	return error;
}

void guest_shm_disconnect(struct guest_shm_device *device, struct guest_shm_connection *connection)
{
	mutex_lock(&device->factory_lock);
	spin_lock_irq(&device->lock);
	connection->mailbox->connected = false;
	connection->mailbox->changed = false;
	connection->mailbox->senders = 0;
	connection->mailbox->attached = 0;
	wake_up_interruptible(&connection->mailbox->waiters);
	if (!device->gone) {
		list_del(&connection->entry);
		writel(1, connection->control + GUEST_SHM_CONTROL_DETACH);
	}
	spin_unlock_irq(&device->lock);
	mutex_unlock(&device->factory_lock);
	unmap(connection);
}

/* What a kernel before this one, which died or was replaced, left attached. */
static void detach_leftovers(struct guest_shm_device *device)
{
	/* More than a device can have; a register that answers forever must not hold us. */
	int patience = 4096;

	while (patience-- > 0) {
		void __iomem *control;

		writel(0, device->factory + GUEST_SHM_FACTORY_FIND);
		if (readl(device->factory + GUEST_SHM_FACTORY_STATUS) != GSS_OK)
			return;
		control = ioremap(read_address(device), GUEST_SHM_PAGE);
		if (!control)
			return;
		writel(1, control + GUEST_SHM_CONTROL_DETACH);
		iounmap(control);
	}
}

/* Ends all connections but leaves their memory mapped, for the open files: they learn it from
 * `gone`. */
static void leave(struct guest_shm_device *device)
{
	struct guest_shm_connection *connection, *next;

	mutex_lock(&device->factory_lock);
	spin_lock_irq(&device->lock);
	device->gone = true;
	list_for_each_entry_safe(connection, next, &device->connections, entry)
	{
		list_del_init(&connection->entry);
		writel(1, connection->control + GUEST_SHM_CONTROL_DETACH);
		wake_up_interruptible_poll(&connection->mailbox->waiters, EPOLLERR | EPOLLHUP);
	}
	spin_unlock_irq(&device->lock);
	mutex_unlock(&device->factory_lock);
}

void guest_shm_release_device(struct kref *references)
{
	struct guest_shm_device *device =
		container_of(references, struct guest_shm_device, references);

	iounmap(device->factory);
	kfree(device);
}

static void drop(void *context)
{
	struct guest_shm_device *device = context;

	kref_put(&device->references, guest_shm_release_device);
}

static void remove(void *context)
{
	struct guest_shm_device *device = context;

	misc_deregister(&device->file);
	ida_free(&numbers, device->number);
	leave(device);
}

static struct guest_shm_device *create(struct device *parent, phys_addr_t factory, int irq)
{
	struct guest_shm_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (!device)
		return NULL;
	kref_init(&device->references);
	mutex_init(&device->factory_lock);
	spin_lock_init(&device->lock);
	INIT_LIST_HEAD(&device->connections);
	device->parent = parent;
	device->irq = irq;
	device->factory = ioremap(factory, GUEST_SHM_PAGE);
	if (device->factory)
		return device;
	kfree(device);
	return NULL;
}

static int offer_file(struct guest_shm_device *device)
{
	int error;

	device->number = ida_alloc(&numbers, GFP_KERNEL);
	if (device->number < 0)
		return device->number;
	snprintf(device->name, sizeof(device->name), GUEST_SHM_DRIVER_NAME "%d", device->number);
	device->file.minor = MISC_DYNAMIC_MINOR;
	device->file.name = device->name;
	device->file.fops = &guest_shm_operations;
	device->file.parent = device->parent;
	error = misc_register(&device->file);
	if (error)
		ida_free(&numbers, device->number);
	return error;
}

int guest_shm_add(struct device *parent, phys_addr_t factory, int irq)
{
	struct guest_shm_device *device;
	int error;

	if (PAGE_SIZE != GUEST_SHM_PAGE)
		return dev_err_probe(parent, -EOPNOTSUPP,
				     "regions are made of 4 KiB pages, this kernel's have %lu\n",
				     PAGE_SIZE);
	device = create(parent, factory, irq);
	if (!device)
		return -ENOMEM;
	error = devm_add_action_or_reset(parent, drop, device);
	if (error)
		return error;
	if (!devm_request_mem_region(parent, factory, GUEST_SHM_PAGE, GUEST_SHM_DRIVER_NAME))
		return dev_err_probe(parent, -EBUSY, "the page at %pa is in use\n", &factory);
	if (readq(device->factory) != GUEST_SHM_SIGNATURE) {
		dev_err(parent, "no shared memory device at %pa\n", &factory);
		return -ENODEV;
	}
	detach_leftovers(device);
	error = devm_request_irq(parent, irq, on_interrupt, IRQF_SHARED, GUEST_SHM_DRIVER_NAME,
				 device);
	if (error)
		return dev_err_probe(parent, error, "interrupt %d cannot be had\n", irq);
	dev_set_drvdata(parent, device);
	error = offer_file(device);
	if (!error)
		error = devm_add_action_or_reset(parent, remove, device);
	if (!error)
		dev_info(parent, "/dev/%s, interrupt %d\n", device->name, irq);
	return error;
}

void guest_shm_shutdown(struct device *parent)
{
	leave(dev_get_drvdata(parent));
}
