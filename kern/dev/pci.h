/* SPDX-License-Identifier: MIT */
/* PCI configuration space by mechanism 1 (PCI 2.2, section 3.2.2.3), and the table of drivers. */
#ifndef JOS_KERN_DEV_PCI_H
#define JOS_KERN_DEV_PCI_H

#include <inc/types.h>

struct pci_func {
	uint8_t bus, dev, func;
	uint16_t vendor, device;
	uint8_t class, subclass;
	uint8_t irq;             /* IOAPIC pin */
	uint32_t reg_base[6];    /* base address registers, type bits removed; 0 where unused */
	uint32_t reg_size[6];
	bool reg_io[6];          /* a port range, not memory */
};

void pci_init(void);                         /* scan bus 0 and bridges, attach drivers; prints a line for each function */
/* Decoding and bus mastering on, BARs sized; prints `PCI function 00:03.0 (8086:100e) enabled`. */
void pci_func_enable(struct pci_func *f);
uint32_t pci_conf_read(const struct pci_func *f, uint32_t off);
void pci_conf_write(const struct pci_func *f, uint32_t off, uint32_t value);

#endif
