// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A driver as somebody would write it who has only the description of the device: found by its
 * compatible string, registers mapped write-back and accessed as a plain structure, the name stored
 * with wide stores, only half of the status register read at a time. Says "hello" in region
 * "testing" and logs what others say.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>

struct factory {
	u64 signature;
	u64 shmem;
	u32 vector;
	u32 status;
	u32 size;
	char name[32];
	u32 find;
};

struct control {
	u16 senders;
	u16 attached;
	u32 idx;
	u32 notify;
	u32 detach;
};

struct state {
	volatile struct factory *factory;
	volatile struct control *control;
	char *slots;
};

static irqreturn_t handle(int number, void *cookie)
{
	struct state *state = cookie;
	const u16 attached = state->control->attached;
	const u16 senders = state->control->senders;
	unsigned int peer;

	/* Reading either half takes the news of both. */
	for (peer = 0; peer < 16; ++peer)
		if ((attached & 1u << peer) != 0 && peer != state->control->idx)
			pr_info_ratelimited("by_tree: %u says %.*s\n", peer,
					    (int)strcspn(state->slots + peer * 4096, "\n"),
					    state->slots + peer * 4096);
	return senders || attached ? IRQ_HANDLED : IRQ_NONE;
}

static int probe(struct platform_device *device)
{
	static const u64 name[4] = {0x00676e6974736574}; /* "testing" */
	struct state *state = devm_kzalloc(&device->dev, sizeof(*state), GFP_KERNEL);
	struct resource *place = platform_get_resource(device, IORESOURCE_MEM, 0);
	const int irq = platform_get_irq(device, 0);
	int error;

	if (!state || !place || irq < 0)
		return -ENODEV;
	state->factory = devm_memremap(&device->dev, place->start, 4096, MEMREMAP_WB);
	if (IS_ERR((void *)state->factory))
		return -ENOMEM;
	if (state->factory->signature != 0x4d534732474d5651ull)
		return -ENODEV;
	memcpy((void *)state->factory->name, name, sizeof(name));
	state->factory->size = 16;
	if (state->factory->status != 0) {
		pr_err("by_tree: status %u\n", state->factory->status);
		return -EIO;
	}
	state->control = devm_memremap(&device->dev, state->factory->shmem, 4096 * 17, MEMREMAP_WB);
	if (IS_ERR((void *)state->control))
		return -ENOMEM;
	state->slots = (char *)state->control + 4096;
	platform_set_drvdata(device, state);
	error = devm_request_irq(&device->dev, irq, handle, IRQF_SHARED, "by_tree", state);
	if (error)
		return error;
	pr_info("by_tree: client %u, vector %u\n", state->control->idx, state->factory->vector);
	strcpy(state->slots + state->control->idx * 4096, "hello by tree\n");
	state->control->notify = 0xffffffff;
	return 0;
}

static void shutdown(struct platform_device *device)
{
	struct state *state = platform_get_drvdata(device);

	state->control->detach = 1;
}

static const struct of_device_id names[] = {{.compatible = "qvm,guest_shm"}, {}};
MODULE_DEVICE_TABLE(of, names);
static struct platform_driver shm_driver = {
	.probe = probe,
	.shutdown = shutdown,
	.driver = {.name = "by_tree", .of_match_table = names},
};
module_platform_driver(shm_driver);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("test: a shared memory driver that is found by its compatible string");
