// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * uio_pci_generic for QEMU's ivshmem-doorbell, to compare with: the upstream driver binds to it but
 * hears nothing, for it serves INTx and the device has MSI-X only. This one does as little: vector
 * 0 wakes whoever waits in /dev/uioN; registers and memory are mapped through sysfs.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uio_driver.h>

static irqreturn_t on_interrupt(int irq, struct uio_info *info)
{
	return IRQ_HANDLED;
}

static int probe(struct pci_dev *device, const struct pci_device_id *id)
{
	struct uio_info *info = devm_kzalloc(&device->dev, sizeof(*info), GFP_KERNEL);
	int error;

	if (!info)
		return -ENOMEM;
	error = pcim_enable_device(device);
	if (error)
		return error;
	pci_set_master(device);
	error = pci_alloc_irq_vectors(device, 1, 1, PCI_IRQ_MSIX);
	if (error < 0)
		return error;
	info->name = "ivshmem";
	info->version = "1";
	info->irq = pci_irq_vector(device, 0);
	info->handler = on_interrupt;
	return devm_uio_register_device(&device->dev, info);
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1af4, 0x1110)}, {}};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver ivshmem = {.name = "ivshmem_uio", .id_table = ids, .probe = probe};
module_pci_driver(ivshmem);
MODULE_DESCRIPTION("interrupts of ivshmem-doorbell for user space");
MODULE_AUTHOR("the qvm authors");
MODULE_LICENSE("Dual BSD/GPL");
