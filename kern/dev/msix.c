/* SPDX-License-Identifier: MIT */
/* See msix.h. Numbers in brackets are sections of the PCI Local Bus Specification 3.0. */
#include <inc/error.h>
#include <kern/dev/mmio.h>
#include <kern/dev/msix.h>
#include <kern/dev/pci.h>
#include <kern/pmap.h>

enum { /* configuration space */
	REG_COMMAND = 0x04,
	STATUS_HAS_LIST = 1 << 20,       /* [6.2.3] */
	REG_LIST = 0x34,                 /* [6.7] */
	LIST_MAX = 48,                   /* more capabilities than there is room for: the list bites its tail */

	CAP_MSIX = 0x11,                 /* [6.8.2.3] in its first double word: */
	CAP_SIZE_SHIFT = 16,             /* one less than the messages */
	CAP_SIZE_MASK = 0x7FF,
	CAP_ENABLE = 1u << 31,
	CAP_TABLE = 4,                   /* [6.8.2.4] the next: which base address, and how far from it */
	TABLE_BAR = 7,
	NBAR = 6,
};

enum { /* one message, in the device's memory [6.8.2.6 to 6.8.2.9] */
	ENTRY_SIZE = 16,
	ENTRY_ADDRESS = 0,
	ENTRY_ADDRESS_HIGH = 4,
	ENTRY_DATA = 8,
	ENTRY_CONTROL = 12,
	CONTROL_MASKED = 1,
};

enum {
	LAPIC_MESSAGES = 0xFEE,          /* SDM vol. 3, 10.11.1: the address's upper bits; then the CPU */
	ADDRESS_SHIFT = 20,
	APICID_SHIFT = 12,
};

/* Where in configuration space the capability lies; 0: nowhere. */
static uint8_t find_capability(const struct pci_func *f, uint8_t wanted)
{
	if (!(pci_conf_read(f, REG_COMMAND) & STATUS_HAS_LIST))
		return 0;
	uint8_t at = pci_conf_read(f, REG_LIST) & 0xFC;
	for (int i = 0; at && i < LIST_MAX; i++) {
		uint32_t word = pci_conf_read(f, at);
		if ((word & 0xFF) == wanted)
			return at;
		at = word >> 8 & 0xFC;
	}
	return 0;
}

static void entry_write(const struct msix *m, int n, uint32_t field, uint32_t value)
{
	mmio_write(m->table, n * ENTRY_SIZE + field, value);
}

static void enable(struct msix *m, bool on)
{
	struct pci_func f = { .bus = m->bus, .dev = m->dev, .func = m->func };
	uint32_t word = pci_conf_read(&f, m->capability);

	pci_conf_write(&f, m->capability, on ? word | CAP_ENABLE : word & ~CAP_ENABLE);
	m->enabled = on;
}

void msix_find(struct msix *m, const struct pci_func *f)
{
	uint8_t at = find_capability(f, CAP_MSIX);

	*m = (struct msix){ .bus = f->bus, .dev = f->dev, .func = f->func, .capability = at };
	if (!at)
		return;
	uint32_t place = pci_conf_read(f, at + CAP_TABLE);
	uint32_t bar = place & TABLE_BAR, offset = place & ~TABLE_BAR;
	uint32_t size = (pci_conf_read(f, at) >> CAP_SIZE_SHIFT & CAP_SIZE_MASK) + 1;
	if (bar >= NBAR || f->reg_io[bar] || offset >= f->reg_size[bar] ||
	    size * ENTRY_SIZE > f->reg_size[bar] - offset)
		return;
	m->table = mmio_map_region(f->reg_base[bar] + offset, size * ENTRY_SIZE);
	m->size = size;
}

/* A message that is changed while it is in use could go to the old CPU with the new vector: it is masked. */
int msix_route(struct msix *m, int n, int vector, uint8_t apicid)
{
	if (n >= m->size)
		return -E_NOT_SUPP;
	entry_write(m, n, ENTRY_CONTROL, CONTROL_MASKED);
	entry_write(m, n, ENTRY_ADDRESS, (uint32_t)LAPIC_MESSAGES << ADDRESS_SHIFT | apicid << APICID_SHIFT);
	entry_write(m, n, ENTRY_ADDRESS_HIGH, 0);
	entry_write(m, n, ENTRY_DATA, vector);
	if (!m->enabled)
		enable(m, true);
	entry_write(m, n, ENTRY_CONTROL, 0);
	return 0;
}

void msix_mask(struct msix *m)
{
	for (int n = 0; m->enabled && n < m->size; n++)
		entry_write(m, n, ENTRY_CONTROL, CONTROL_MASKED);
}

void msix_disable(struct msix *m)
{
	if (m->enabled)
		enable(m, false);
}
