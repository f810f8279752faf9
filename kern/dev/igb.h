/* SPDX-License-Identifier: MIT */
/*
 * Intel 82576: what it has beyond e1000.h, whose control registers it shares. Numbers in brackets are sections of
 * Intel's "82576EB Gigabit Ethernet Controller Datasheet".
 */
#ifndef JOS_KERN_DEV_IGB_H
#define JOS_KERN_DEV_IGB_H

#include <kern/dev/netdev.h>

struct pci_func;

int igb_attach(struct pci_func *f); /* 0, or an error number */

/* igb_hw.c */
bool igb_reset(volatile uint32_t *regs); /* false if the device does not answer */
void igb_run(struct netdev *nd);

enum { /* registers [8.1.3]: offsets in bytes */
	IGB_MDIC = 0x0020,
	IGB_ICR = 0x1500,            /* the pin's causes */
	IGB_IMS = 0x1508,
	IGB_IMC = 0x150C,
	IGB_GPIE = 0x1514,
	IGB_EIMS = 0x1524,           /* messages: a bit for each */
	IGB_EIMC = 0x1528,
	IGB_EIAC = 0x152C,
	IGB_EICR = 0x1580,
	IGB_EITR = 0x1680,           /* and one for each further message */
	IGB_IVAR = 0x1700,           /* queue n: a byte for receive, one for transmit; then n + 8's. n + 1: the next */
	IGB_RXCSUM = 0x5000,
	IGB_MRQC = 0x5818,

	IGB_RDBAL = 0xC000,          /* a queue's registers: */
	IGB_SRRCTL = 0xC00C,
	IGB_RDT = 0xC018,
	IGB_RXDCTL = 0xC028,
	IGB_TDBAL = 0xE000,
	IGB_TDT = 0xE018,
	IGB_TXDCTL = 0xE028,
	IGB_QUEUE_STRIDE = 0x40,     /* the same of the next queue */

	IGB_QUEUES = NETDEV_QUEUES,  /* of its 16, as many as there are messages for */
};

enum {
	/* [8.2.4] A word of the PHY (number 1): register 0, the control register: negotiate, anew. */
	IGB_MDIC_RENEGOTIATE = 1 << 26 | 1 << 21 | 0 << 16 | 1 << 12 | 1 << 9,
	IGB_MDIC_READY = 1 << 28,

	IGB_INT_RXDW = 1 << 7,       /* [8.8.8] a frame arrived */
	IGB_GPIE_MSIX = 1 << 4,      /* [8.8.18] a message for each queue, */
	IGB_GPIE_CLEAR = 1 << 0,     /* that clears its cause */
	IGB_IVAR_VALID = 1 << 7,     /* [8.8.15] */

	IGB_RXCSUM_IP = 1 << 8,      /* [8.10.9] as the 82574L's */
	IGB_RXCSUM_TCPUDP = 1 << 9,
	IGB_RXCSUM_PCSD = 1 << 13,
	IGB_MRQC_RSS = 2,            /* [8.10.11] */
	IGB_MRQC_TCP4 = 1 << 16,
	IGB_MRQC_UDP4 = 1 << 22,
	IGB_SRRCTL_2K = 2 << 0,      /* [8.10.2] buffers of 2048 bytes, */
	IGB_SRRCTL_ONE = 1 << 25,    /* struct intel_rx_desc, headers not apart, */
	IGB_SRRCTL_DROP = 1u << 31,  /* and a full ring holds up no other queue */
	IGB_DCTL_ENABLE = 1 << 25,   /* RXDCTL [8.10.7], TXDCTL [8.12.12]: the queue is on */
};

/* struct intel_tx_desc [7.2.2.3, 7.2.2.2]: DTYP in command; in a context, lengths in where[0], kinds in command. */
enum {
	IGB_TXD_CONTEXT = 2 << 20,
	IGB_TXD_DATA = 3 << 20,
	IGB_TXD_LENGTH_SHIFT = 14,
	IGB_CONTEXT_L2_SHIFT = 9,
	IGB_CONTEXT_IP4 = 1 << 10,
	IGB_CONTEXT_TCP = 1 << 11,   /* else UDP */
};

#endif
