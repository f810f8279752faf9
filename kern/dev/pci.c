/* SPDX-License-Identifier: MIT */
/*
 * The PCI bus: finds what is there, once, at boot, and hands each function that a driver knows to it.
 * Addresses and bus numbers are the firmware's; this code only reads them.
 * Sections: PCI Local Bus Specification 2.2, and PCI-to-PCI Bridge Architecture Specification 1.1.
 */
#include <inc/stdio.h>
#include <inc/x86.h>
#include <kern/dev/e1000.h>
#include <kern/dev/e1000e.h>
#include <kern/dev/igb.h>
#include <kern/dev/pci.h>

enum { /* configuration mechanism 1 (3.2.2.3.2) */
	CONF_ADDRESS = 0xCF8,
	CONF_DATA = 0xCFC,
	CONF_ENABLE = 1u << 31,
};

enum { /* registers (6.1), as double words */
	REG_ID = 0x00,
	REG_COMMAND = 0x04,
	REG_CLASS = 0x08,
	REG_HEADER = 0x0C,
	REG_BAR = 0x10,
	REG_BRIDGE_BUS = 0x18,
	REG_INTERRUPT = 0x3C,
};

enum {
	COMMAND_IO = 1,
	COMMAND_MEMORY = 2,
	COMMAND_MASTER = 4,
	HEADER_MULTI = 0x800000,
	CLASS_BRIDGE = 6,
	SUBCLASS_PCI = 4,
	BAR_IO = 1,     /* 6.2.5.1 */
	BAR_64 = 4,
	NO_VENDOR = 0xFFFF,
	NDEV = 32,
	NFUNC = 8,
	NBAR = 6,
};

/* 0, or an error number: the device stays unused. */
static const struct pci_driver {
	uint16_t vendor, device;
	int (*attach)(struct pci_func *f);
} drivers[] = {
	{ 0x8086, 0x100E, e1000_attach }, /* 82540EM */
	{ 0x8086, 0x100C, e1000_attach }, /* 82544GC */
	{ 0x8086, 0x100F, e1000_attach }, /* 82545EM */
	{ 0x8086, 0x10D3, e1000e_attach }, /* 82574L */
	{ 0x8086, 0x10C9, igb_attach },    /* 82576 */
};

static const char *const class_names[] = {
	"Unknown", "Storage controller", "Network controller", "Display controller",
	"Multimedia device", "Memory controller", "Bridge device",
};

static void select(const struct pci_func *f, uint32_t off)
{
	outl(CONF_ADDRESS, CONF_ENABLE | f->bus << 16 | f->dev << 11 | f->func << 8 | (off & 0xFC));
}

uint32_t pci_conf_read(const struct pci_func *f, uint32_t off)
{
	select(f, off);
	return inl(CONF_DATA);
}

void pci_conf_write(const struct pci_func *f, uint32_t off, uint32_t value)
{
	select(f, off);
	outl(CONF_DATA, value);
}

/* All bits that stick when ones are written are address bits: the lowest of them is the size. */
static uint32_t bar_mask(const struct pci_func *f, uint32_t reg, uint32_t value)
{
	pci_conf_write(f, reg, 0xFFFFFFFF);
	uint32_t mask = pci_conf_read(f, reg);
	pci_conf_write(f, reg, value);
	return mask & (value & BAR_IO ? 0xFFFFFFFC : 0xFFFFFFF0);
}

/* One base address register; how many of the six it takes. One beyond 4 GB is out of our reach: unused. */
static int read_bar(struct pci_func *f, int n)
{
	uint32_t reg = REG_BAR + 4 * n;
	uint32_t value = pci_conf_read(f, reg);
	uint32_t mask = bar_mask(f, reg, value);
	bool wide = !(value & BAR_IO) && (value & BAR_64);

	f->reg_io[n] = value & BAR_IO;
	if (!wide || (n + 1 < NBAR && pci_conf_read(f, reg + 4) == 0)) {
		f->reg_base[n] = value & mask;
		f->reg_size[n] = mask & -mask;
	}
	return wide ? 2 : 1;
}

/* While a register is sized it holds an absurd address, so the function must not decode any. */
void pci_func_enable(struct pci_func *f)
{
	uint32_t command = pci_conf_read(f, REG_COMMAND) & 0xFFFF; /* above it: status; ones would clear it */

	pci_conf_write(f, REG_COMMAND, command & ~(COMMAND_IO | COMMAND_MEMORY));
	for (int n = 0; n < NBAR;)
		n += read_bar(f, n);
	pci_conf_write(f, REG_COMMAND, command | COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
	cprintf("PCI function %02x:%02x.%d (%04x:%04x) enabled\n", f->bus, f->dev, f->func, f->vendor,
		f->device);
}

static void print_func(const struct pci_func *f)
{
	const char *name = class_names[f->class < ARRAY_SIZE(class_names) ? f->class : 0];

	cprintf("PCI: %02x:%02x.%d: %04x:%04x: class: %x.%x (%s) irq: %d\n", f->bus, f->dev, f->func,
		f->vendor, f->device, f->class, f->subclass, name, f->irq);
}

static void attach(struct pci_func *f)
{
	for (const struct pci_driver *d = drivers; d < drivers + ARRAY_SIZE(drivers); d++) {
		if (d->vendor != f->vendor || d->device != f->device)
			continue;
		int r = d->attach(f);
		if (r < 0)
			cprintf("PCI: %02x:%02x.%d stays unused: %e\n", f->bus, f->dev, f->func, r);
		return;
	}
}

static void identify(struct pci_func *f)
{
	uint32_t id = pci_conf_read(f, REG_ID), class = pci_conf_read(f, REG_CLASS);

	f->vendor = id & 0xFFFF;
	f->device = id >> 16;
	f->class = class >> 24;
	f->subclass = class >> 16 & 0xFF;
	f->irq = pci_conf_read(f, REG_INTERRUPT) & 0xFF;
}

static void scan_bus(uint8_t bus);

/* Bus numbers grow on the way down, so a bridge that leads back, or was not set up, is not followed. */
static void scan_bridge(const struct pci_func *f)
{
	uint8_t below = pci_conf_read(f, REG_BRIDGE_BUS) >> 8 & 0xFF;

	if (below > f->bus)
		scan_bus(below);
}

static bool scan_func(struct pci_func *f)
{
	identify(f);
	if (f->vendor == NO_VENDOR)
		return false;
	print_func(f);
	if (f->class == CLASS_BRIDGE && f->subclass == SUBCLASS_PCI)
		scan_bridge(f);
	else
		attach(f);
	return true;
}

static void scan_bus(uint8_t bus)
{
	for (int dev = 0; dev < NDEV; dev++) {
		struct pci_func first = { .bus = bus, .dev = dev };
		if (!scan_func(&first) || !(pci_conf_read(&first, REG_HEADER) & HEADER_MULTI))
			continue;
		for (int func = 1; func < NFUNC; func++)
			scan_func(&(struct pci_func){ .bus = bus, .dev = dev, .func = func });
	}
}

void pci_init(void)
{
	scan_bus(0);
}
