/* SPDX-License-Identifier: MIT */
/*
 * Intel 82574L: what it has beyond e1000.h, whose registers it shares. Numbers in brackets are sections of
 * Intel's "82574 GbE Controller Family Datasheet".
 */
#ifndef JOS_KERN_DEV_E1000E_H
#define JOS_KERN_DEV_E1000E_H

#include <inc/types.h>

struct netdev;
struct pci_func;

int e1000e_attach(struct pci_func *f); /* 0, or an error number */

/* e1000e_hw.c */
bool e1000e_reset(volatile uint32_t *regs); /* false if the device does not answer */
void e1000e_run(struct netdev *nd);

enum { /* registers [10.1.2]: offsets in bytes */
	E1000E_EIAC = 0x00DC,
	E1000E_IVAR = 0x00E4,
	E1000E_EITR = 0x00E8,        /* and four more */
	E1000E_RXCSUM = 0x5000,
	E1000E_RFCTL = 0x5008,
	E1000E_MRQC = 0x5818,
	E1000E_TXDCTL = 0x3828,

	E1000E_QUEUE_STRIDE = 0x100, /* from a register of queue 0 to queue 1's */
	E1000E_QUEUES = 2,
};

enum {
	E1000E_INT_RXQ0 = 1 << 20,   /* ICR, IMS, IMC, EIAC [10.2.4], with messages: a frame came to queue 0; next: 1 */
	E1000E_IVAR_RX0 = 0 | 1 << 3,        /* [10.2.4.9] queue 0 sends message 0, */
	E1000E_IVAR_RX1 = (1 | 1 << 3) << 4, /* queue 1 message 1 */
	E1000E_RXCSUM_IP = 1 << 8,   /* [10.2.5.15] look at checksums */
	E1000E_RXCSUM_TCPUDP = 1 << 9,
	E1000E_RXCSUM_PCSD = 1 << 13, /* the hash takes the packet checksum's place */
	E1000E_RFCTL_EXTEN = 1 << 15, /* [10.2.5.16] struct intel_rx_desc */
	E1000E_MRQC_RSS = 1 << 0,    /* [10.2.5.17] */
	E1000E_MRQC_TCP4 = 1 << 16,
	E1000E_TXDCTL_ALWAYS = 1 << 22, /* [10.2.6.10] */
	E1000E_RETA_SHIFT = 7,       /* [10.2.5.18] where in its byte the queue stands */
};

#endif
