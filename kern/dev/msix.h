/* SPDX-License-Identifier: MIT */
/*
 * MSI-X (PCI Local Bus Specification 3.0, section 6.8.2): a device's interrupts as messages, each with a vector and a
 * CPU of its own. A device begins with its pin; its first routed message turns the pin off, until msix_disable().
 * Callers hold the big lock.
 */
#ifndef JOS_KERN_DEV_MSIX_H
#define JOS_KERN_DEV_MSIX_H

#include <inc/types.h>

struct pci_func;

struct msix {
	uint16_t size;              /* messages that the device has; 0: none, and no field below counts */
	uint8_t bus, dev, func;
	uint8_t capability;         /* its place in configuration space */
	bool enabled;
	volatile uint32_t *table;
};

void msix_find(struct msix *m, const struct pci_func *f); /* after pci_func_enable() */
int msix_route(struct msix *m, int n, int vector, uint8_t apicid); /* message n; 0, or -E_NOT_SUPP */
void msix_mask(struct msix *m);    /* nobody gets a message until it is routed again */
void msix_disable(struct msix *m); /* the pin is in use again */

#endif
