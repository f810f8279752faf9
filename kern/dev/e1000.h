/* SPDX-License-Identifier: MIT */
/*
 * Intel 8254x: the registers, bits and descriptors that the driver uses. Numbers in brackets are sections of
 * Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual".
 */
#ifndef JOS_KERN_DEV_E1000_H
#define JOS_KERN_DEV_E1000_H

#include <inc/types.h>

struct intel_tx_desc;
struct netdev;
struct pci_func;
struct tx_offload;

int e1000_attach(struct pci_func *f); /* 0, or an error number */

/* A checksum context; e1000e's is the same. */
void e1000_tx_context(volatile struct intel_tx_desc *d, const struct tx_offload *off);

/* e1000_hw.c */
bool e1000_reset(volatile uint32_t *regs); /* false if the device does not answer */
bool e1000_read_mac(volatile uint32_t *regs, uint8_t *mac);
void e1000_run(struct netdev *nd); /* for nd->q[0] */

enum { /* registers [13.4, 13.5]: offsets in bytes */
	E1000_CTRL = 0x0000,
	E1000_EERD = 0x0014,
	E1000_ICR = 0x00C0,
	E1000_ITR = 0x00C4,
	E1000_IMS = 0x00D0,
	E1000_IMC = 0x00D8,
	E1000_RCTL = 0x0100,
	E1000_TCTL = 0x0400,
	E1000_TIPG = 0x0410,
	E1000_RDBAL = 0x2800,
	E1000_RDBAH = 0x2804,
	E1000_RDLEN = 0x2808,
	E1000_RDH = 0x2810,
	E1000_RDT = 0x2818,
	E1000_RDTR = 0x2820,
	E1000_TDBAL = 0x3800,
	E1000_TDBAH = 0x3804,
	E1000_TDLEN = 0x3808,
	E1000_TDH = 0x3810,
	E1000_TDT = 0x3818,
	E1000_MTA = 0x5200,
	E1000_RAL = 0x5400,
	E1000_RAH = 0x5404,
};

enum { /* CTRL [13.4.1] */
	E1000_CTRL_ASDE = 1 << 5, /* speed is the PHY's */
	E1000_CTRL_SLU = 1 << 6,  /* link up */
	E1000_CTRL_RST = 1 << 26,
};

enum { /* EERD [13.4.4] */
	E1000_EERD_START = 1 << 0,
	E1000_EERD_DONE = 1 << 4,
	E1000_EERD_ADDR_SHIFT = 8,
	E1000_EERD_DATA_SHIFT = 16,
};

enum { /* ICR, IMS, IMC [13.4.17 to 13.4.21] */
	E1000_INT_RXDMT0 = 1 << 4, /* half of the receive ring is used up */
	E1000_INT_RXO = 1 << 6,    /* no descriptor for a frame */
	E1000_INT_RXT0 = 1 << 7,   /* a frame arrived */
	E1000_INT_RX = E1000_INT_RXDMT0 | E1000_INT_RXO | E1000_INT_RXT0,
};

enum { /* RCTL [13.4.22]; its size bits 0 mean buffers of 2048 bytes */
	E1000_RCTL_EN = 1 << 1,
	E1000_RCTL_BAM = 1 << 15,   /* accept broadcast */
	E1000_RCTL_SECRC = 1 << 26, /* strip the CRC */
};

enum { /* TCTL [13.4.33], TIPG [13.4.34] */
	E1000_TCTL_EN = 1 << 1,
	E1000_TCTL_PSP = 1 << 3,         /* pad short frames */
	E1000_TCTL_CT_USUAL = 0x0F << 4, /* collision threshold */
	E1000_TCTL_COLD_FULL = 0x40 << 12,
	E1000_TIPG_USUAL = 10 | 4 << 10 | 6 << 20,
};

enum {
	E1000_MTA_SIZE = 128 * 4,
	E1000_RAH_AV = 1u << 31, /* the address is valid [13.5.3] */
};

struct e1000_rx_desc { /* [3.2.3] */
	uint64_t addr;
	uint16_t length;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t special;
};

enum {
	E1000_RXD_DD = 1 << 0,
	E1000_RXD_EOP = 1 << 1,
	E1000_RXD_BAD = 0x97, /* RXE, CXE, SEQ, SE, CE: damaged; TCPE and IPE are the stack's to judge */
};

/*
 * struct intel_tx_desc, in both formats that are used:
 *                      context [3.3.6]                         data [3.3.7]
 *   where[0]   IPCSE 31-16, IPCSO 15-8, IPCSS 7-0              address, low
 *   where[1]   TUCSE 31-16, TUCSO 15-8, TUCSS 7-0              address, high
 *   command    TUCMD 31-24, DTYP 23-20, PAYLEN 19-0            DCMD 31-24, DTYP 23-20, DTALEN 19-0
 *   status     MSS 31-16, HDRLEN 15-8, STA 3-0                 special 31-16, POPTS 15-8, STA 3-0
 */
enum {
	E1000_TXD_CONTEXT = 0 << 20, /* DTYP */
	E1000_TXD_DATA = 1 << 20,
};

_Static_assert(sizeof(struct e1000_rx_desc) == 16, "fixed by the device");

#endif
