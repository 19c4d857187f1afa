// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A driver as somebody would write it who has only the description of the device: told where it is
 * by parameters, registers uncached, the name written byte by byte, a shared interrupt handler that
 * takes 0 in status for somebody else's interrupt. Says "hello" in region "testing" and logs what
 * others say.
 */
#include <linux/acpi.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>

static unsigned long base;
module_param(base, ulong, 0444);
static unsigned int line;
module_param(line, uint, 0444);

static u8 __iomem *factory;
static u8 __iomem *region; /* control page, then 16 slots of 4 KiB: one mapping */
static int irq;
static unsigned int mine;

static irqreturn_t handle(int number, void *cookie)
{
	const u32 status = readl(region);
	char text[64];
	unsigned int peer;

	if ((status & 0xffff) == 0)
		return IRQ_NONE;
	for (peer = 0; peer < 16; ++peer) {
		if ((status & 1u << peer) == 0 || peer == mine)
			continue;
		memcpy_fromio(text, region + 4096 + peer * 4096, sizeof(text));
		pr_info("by_address: %u says %.*s\n", peer, (int)strcspn(text, "\n"), text);
	}
	return IRQ_HANDLED;
}

static int __init start(void)
{
	static const char name[] = "testing";
	u64 where;
	size_t i;
	int error;

	factory = ioremap(base, 4096);
	if (!factory)
		return -ENOMEM;
	if (readl(factory) != 0x474d5651 || readl(factory + 4) != 0x4d534732)
		return -ENODEV;
	for (i = 0; i < sizeof(name); ++i)
		writeb(name[i], factory + 0x1c + i);
	writel(16, factory + 0x18);
	if (readl(factory + 0x14) != 0) {
		pr_err("by_address: status %u\n", readl(factory + 0x14));
		return -EIO;
	}
	where = readl(factory + 8) | (u64)readl(factory + 12) << 32;
	region = ioremap(where, 4096 + readl(factory + 0x18) * 4096);
	if (!region)
		return -ENOMEM;
	mine = readl(region + 4);
	irq = acpi_register_gsi(NULL, line, ACPI_LEVEL_SENSITIVE, ACPI_ACTIVE_HIGH);
	error = irq < 0 ? irq : request_irq(irq, handle, IRQF_SHARED, "by_address", &factory);
	if (error)
		return error;
	pr_info("by_address: client %u, vector %u\n", mine, readl(factory + 0x10));
	memcpy_toio(region + 4096 + mine * 4096, "hello by address\n", 18);
	writel(0xffffffff, region + 8);
	return 0;
}

static void __exit stop(void)
{
	free_irq(irq, &factory);
	writel(1, region + 12);
	iounmap(region);
	iounmap(factory);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("test: a shared memory driver that is told an address");
