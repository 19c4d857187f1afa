// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A driver as somebody would write it who has only the description of the device: found on PCI,
 * enables everything in the command register at once, tries message interrupts and falls back to
 * the pin, stores the name in pieces of two bytes. Says "hello" in region "testing" and logs what
 * others say.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#ifndef PCI_IRQ_INTX /* before Linux 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

struct state {
	u8 __iomem *factory;
	u8 __iomem *region;
};

static irqreturn_t handle(int number, void *cookie)
{
	struct state *state = cookie;
	const u16 senders = readw(state->region);
	const u32 mine = readl(state->region + 4);
	char text[64];
	unsigned int peer;

	if (senders == 0)
		return IRQ_NONE;
	for (peer = 0; peer < 16; ++peer) {
		if ((senders & 1u << peer) == 0 || peer == mine)
			continue;
		memcpy_fromio(text, state->region + 4096 + peer * 4096, sizeof(text));
		pr_info("by_pci: %u says %.*s\n", peer, (int)strcspn(text, "\n"), text);
	}
	return IRQ_HANDLED;
}

static int probe(struct pci_dev *device, const struct pci_device_id *id)
{
	static const u16 name[4] = {0x6574, 0x7473, 0x6e69, 0x0067}; /* "testing" */
	struct state *state = devm_kzalloc(&device->dev, sizeof(*state), GFP_KERNEL);
	u32 mine;
	size_t i;
	int error;

	if (!state)
		return -ENOMEM;
	error = pcim_enable_device(device);
	if (error)
		return error;
	pci_write_config_word(device, PCI_COMMAND, 0xffff);
	if (pci_alloc_irq_vectors(device, 1, 1, PCI_IRQ_MSIX) != 1 &&
	    pci_alloc_irq_vectors(device, 1, 1, PCI_IRQ_INTX) != 1)
		return -ENODEV;
	state->factory = pcim_iomap(device, 0, 0);
	if (!state->factory)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(name); ++i)
		writew(name[i], state->factory + 0x1c + i * 2);
	writel(16, state->factory + 0x18);
	if (readl(state->factory + 0x14) != 0) {
		pr_err("by_pci: status %u\n", readl(state->factory + 0x14));
		return -EIO;
	}
	state->region = devm_ioremap(&device->dev, readq(state->factory + 8), 4096 * 17);
	if (!state->region)
		return -ENOMEM;
	error = devm_request_irq(&device->dev, pci_irq_vector(device, 0), handle, IRQF_SHARED,
				 "by_pci", state);
	if (error)
		return error;
	mine = readl(state->region + 4);
	pr_info("by_pci: client %u, vector %u\n", mine, readl(state->factory + 0x10));
	memcpy_toio(state->region + 4096 + mine * 4096, "hello by pci\n", 14);
	writel(0xffffffff, state->region + 8);
	pci_set_drvdata(device, state);
	return 0;
}

static void remove(struct pci_dev *device)
{
	struct state *state = pci_get_drvdata(device);

	writel(1, state->region + 12);
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1c05, 0x0001)}, {}};
MODULE_DEVICE_TABLE(pci, ids);
static struct pci_driver shm_driver = {
	.name = "by_pci", .id_table = ids, .probe = probe, .remove = remove};
module_pci_driver(shm_driver);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("test: a shared memory driver that is found on PCI");
