/* SPDX-License-Identifier: MIT */
/* From a PCI function to a device of netdev.h: the same for each of Intel's gigabit controllers. The contract is intel.h. */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>
#include <kern/dev/intel.h>
#include <kern/dev/pci.h>
#include <kern/pmap.h>

enum { BUF_SIZE = 2048 };

static volatile uint32_t *map(struct pci_func *f)
{
	pci_func_enable(f);
	if (f->reg_io[0] || !f->reg_base[0] || f->reg_size[0] < INTEL_REGS_SIZE)
		return NULL;
	return mmio_map_region(f->reg_base[0], INTEL_REGS_SIZE);
}

static void print_device(const struct netdev *nd)
{
	const uint8_t *m = nd->mac;

	cprintf("net%d: %s, %02x:%02x:%02x:%02x:%02x:%02x, irq %d\n", (int)(nd - netdevs), nd->name, m[0],
		m[1], m[2], m[3], m[4], m[5], nd->irq);
}

static void describe(struct netdev *nd, const struct intel_chip *chip)
{
	nd->priv = chip;
	nd->max_queues = chip->max_queues;
	nd->rss_kinds = chip->rss_kinds;
	nd->buf_size = BUF_SIZE;
}

int intel_attach(struct pci_func *f, const struct intel_chip *chip, const struct netdev_ops *ops)
{
	volatile uint32_t *regs = map(f);
	uint8_t mac[6];

	if (!regs)
		return -E_NOT_SUPP;
	if (!chip->reset(regs) || !chip->read_mac(regs, mac))
		return -E_TIMED_OUT;
	struct netdev *nd = netdev_register(chip->name, ops);
	if (!nd)
		return -E_NO_MEM;
	describe(nd, chip);
	nd->irq = f->irq;
	nd->regs = regs;
	memcpy(nd->mac, mac, sizeof(nd->mac));
	msix_find(&nd->msix, f);
	print_device(nd);
	return 0;
}
