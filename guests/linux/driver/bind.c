// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How the device is found: in the device tree or, on x86, by the same string in ACPI (PRP0001); on
 * PCI; or where the module's parameters say.
 */
#include <linux/acpi.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "guest_shm.h"
#include "guest_shm_driver.h"

#define MAXIMUM_BY_HAND 32

static ulong addresses[MAXIMUM_BY_HAND];
static unsigned int address_count;
module_param_array_named(addr, addresses, ulong, &address_count, 0444);
MODULE_PARM_DESC(addr, "guest-physical addresses of factory pages that no firmware tells of");
static uint interrupts[MAXIMUM_BY_HAND];
static unsigned int interrupt_count;
module_param_array_named(irq, interrupts, uint, &interrupt_count, 0444);
MODULE_PARM_DESC(irq,
		 "their interrupts as the hypervisor counts them; default: what the page says");

static struct platform_device *by_hand[MAXIMUM_BY_HAND];

static int probe_platform(struct platform_device *device)
{
	struct resource *place = platform_get_resource(device, IORESOURCE_MEM, 0);
	const int irq = platform_get_irq(device, 0);

	if (!place || resource_size(place) < GUEST_SHM_PAGE)
		return dev_err_probe(&device->dev, -EINVAL,
				     "no factory page of 4 KiB is described\n");
	if (irq < 0)
		return irq;
	return guest_shm_add(&device->dev, place->start, irq);
}

static void shutdown_platform(struct platform_device *device)
{
	guest_shm_shutdown(&device->dev);
}

static const struct of_device_id tree_names[] = {{.compatible = GUEST_SHM_COMPATIBLE}, {}};
MODULE_DEVICE_TABLE(of, tree_names);

static struct platform_driver platform = {
	.probe = probe_platform,
	.shutdown = shutdown_platform,
	.driver = {.name = GUEST_SHM_DRIVER_NAME, .of_match_table = tree_names},
};

static int probe_pci(struct pci_dev *device, const struct pci_device_id *id)
{
	const int error = pcim_enable_device(device);

	if (error)
		return dev_err_probe(&device->dev, error, "the device cannot be enabled\n");
	if (pci_resource_len(device, 0) < GUEST_SHM_PAGE)
		return dev_err_probe(&device->dev, -EINVAL, "BAR 0 is no factory page of 4 KiB\n");
	return guest_shm_add(&device->dev, pci_resource_start(device, 0), device->irq);
}

static void shutdown_pci(struct pci_dev *device)
{
	guest_shm_shutdown(&device->dev);
}

static const struct pci_device_id pci_ids[] = {
	{PCI_DEVICE(GUEST_SHM_PCI_VENDOR, GUEST_SHM_PCI_DEVICE)},
	{},
};
MODULE_DEVICE_TABLE(pci, pci_ids);

static struct pci_driver pci = {
	.name = GUEST_SHM_DRIVER_NAME,
	.id_table = pci_ids,
	.probe = probe_pci,
	.shutdown = shutdown_pci,
};

/* Linux' number of the interrupt, made known if nobody has; level, active high. */
static int interrupt_by_hand(unsigned int which)
{
	unsigned int line;
	void __iomem *factory;

	if (which < interrupt_count) {
		line = interrupts[which];
	} else {
		factory = ioremap(addresses[which], GUEST_SHM_PAGE);
		if (!factory)
			return -ENOMEM;
		line = readl(factory + GUEST_SHM_FACTORY_VECTOR);
		iounmap(factory);
	}
#ifdef CONFIG_ACPI
	if (!acpi_disabled)
		return acpi_register_gsi(NULL, line, ACPI_LEVEL_SENSITIVE, ACPI_ACTIVE_HIGH);
#endif
	return line;
}

static int add_by_hand(void)
{
	unsigned int i;

	for (i = 0; i < address_count; ++i) {
		const int irq = interrupt_by_hand(i);
		const struct resource resources[] = {
			DEFINE_RES_MEM(addresses[i], GUEST_SHM_PAGE),
			DEFINE_RES_IRQ(irq),
		};

		if (irq < 0)
			return irq;
		by_hand[i] = platform_device_register_simple(GUEST_SHM_DRIVER_NAME, 1000 + i,
							     resources, ARRAY_SIZE(resources));
		if (IS_ERR(by_hand[i]))
			return PTR_ERR(by_hand[i]);
	}
	return 0;
}

static void remove_by_hand(void)
{
	unsigned int i;

	for (i = 0; i < address_count; ++i)
		if (!IS_ERR_OR_NULL(by_hand[i]))
			platform_device_unregister(by_hand[i]);
}

static int __init start(void)
{
	int error = platform_driver_register(&platform);

	if (error)
		return error;
	error = pci_register_driver(&pci);
	if (error)
		goto no_pci;
	error = add_by_hand();
	if (!error)
		return 0;
	remove_by_hand();
	pci_unregister_driver(&pci);
no_pci:
	platform_driver_unregister(&platform);
	return error;
}

static void __exit stop(void)
{
	remove_by_hand();
	pci_unregister_driver(&pci);
	platform_driver_unregister(&platform);
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("shared memory device of qvm and of the QNX hypervisor");
MODULE_AUTHOR("the qvm authors");
MODULE_LICENSE("Dual BSD/GPL");
