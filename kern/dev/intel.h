/* SPDX-License-Identifier: MIT */
/*
 * What the drivers of Intel's gigabit controllers (e1000, e1000e, igb) share. Their rings, doorbells and
 * interrupt messages are alike; a struct intel_chip says what differs. Functions that need no word of a
 * driver's own stand in its netdev_ops as they are.
 */
#ifndef JOS_KERN_DEV_INTEL_H
#define JOS_KERN_DEV_INTEL_H

#include <kern/dev/netdev.h>

struct pci_func;

enum {
	INTEL_DESC_SIZE = 16,
	INTEL_RING_MIN = 8,      /* a ring's length is a multiple of 128 bytes */
	INTEL_RING_MAX = 4096 / INTEL_DESC_SIZE, /* one page: contiguous, and aligned */
	INTEL_REGS_SIZE = 0x20000, /* of BAR 0 */
};

/* What to send. All three chips have this layout, for data and for checksum contexts, but other bits in it. */
struct intel_tx_desc {
	uint32_t where[2];
	uint32_t command;
	uint32_t status;
};

/* What differs from chip to chip. A pointer to it is the device's nd->priv. */
struct intel_chip {
	const char *name;
	uint8_t max_queues;
	uint8_t rss_kinds;
	uint32_t rdt, tdt, stride;  /* the tail registers of queue 0, and from one queue's to the next */
	uint32_t data;              /* command bits of each data descriptor */
	uint32_t last;              /* and, besides, of a frame's last */
	uint8_t length_shift;       /* where in a data descriptor's status the frame's length stands; 0: nowhere */
	uint8_t reta_shift;         /* where in a byte of the table RETA the queue's number begins */
	void (*context)(volatile struct intel_tx_desc *d, const struct tx_offload *off);
	bool (*reset)(volatile uint32_t *regs); /* all DMA ends, interrupts are off; false: the device does not answer */
	bool (*read_mac)(volatile uint32_t *regs, uint8_t *mac); /* after a reset; false as above */
	void (*run)(struct netdev *nd); /* set the device up for its queues, whose rings are empty, and enable it */
};

enum { /* struct intel_tx_desc, as far as it is the same everywhere */
	INTEL_TXD_EOP = 1 << 24,     /* command: last piece of its frame; contexts leave it clear */
	INTEL_TXD_IFCS = 1 << 25,    /* append the CRC */
	INTEL_TXD_RS = 1 << 27,      /* set DD when done */
	INTEL_TXD_DEXT = 1 << 29,    /* not the legacy format */

	INTEL_TXD_DD = 1 << 0,       /* status */
	INTEL_TXD_IXSM = 1 << 8,     /* insert the IP checksum, */
	INTEL_TXD_TXSM = 1 << 9,     /* the TCP or UDP checksum; counts in a frame's first data descriptor */
};

/* A frame received in the format of e1000e and igb: first an address, then what the device writes over it. */
struct intel_rx_desc {
	union {
		uint64_t addr;
		struct {
			uint32_t kind;       /* bits 3-0: what was hashed; 0: nothing */
			uint32_t hash;
		};
	};
	uint32_t status;             /* errors above bit 19; 0 in what the driver writes */
	uint16_t length;
	uint16_t vlan;
};

enum { /* its status */
	INTEL_RXD_DD = 1 << 0,
	INTEL_RXD_EOP = 1 << 1,
	INTEL_RXD_IXSM = 1 << 2,     /* what the checksum bits say does not count */
	INTEL_RXD_L4CS = 1 << 5,     /* the TCP or UDP checksum was looked at, */
	INTEL_RXD_L4E = 1 << 29,     /* and it was wrong */
	INTEL_RXD_IPE = 1 << 30,
	INTEL_RXD_RXE = 1u << 31,    /* the frame is damaged */
	INTEL_RXD_KIND = 15,
};

_Static_assert(sizeof(struct intel_tx_desc) == INTEL_DESC_SIZE, "fixed by the devices");
_Static_assert(sizeof(struct intel_rx_desc) == INTEL_DESC_SIZE, "fixed by the devices");

/* For netdev_ops, as they are. intel.c: */
int intel_start(struct netdev *nd, int nqueues, int rx_size, int tx_size);
void intel_stop(struct netdev *nd);
int intel_irq_route(struct netq *q, int irq, uint8_t apicid);
int intel_rss_set(struct netdev *nd, const uint8_t *key, const uint8_t *table);
/* intel_tx.c: */
int intel_tx_put(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx);
void intel_tx_flush(struct netq *q);
int intel_tx_reap(struct netq *q, void **ctxs, int max);
/* intel_rx.c; the last two are for chips that receive into struct intel_rx_desc: */
void intel_rx_flush(struct netq *q);
int intel_rx_poll(struct netq *q, struct rx_frame *frames, int max);
int intel_rx_waiting(struct netq *q);
int intel_rx_provide(struct netq *q, uint32_t buf, physaddr_t pa);

/* intel_csum.c: for intel_tx.c. */
bool intel_csum_needs_context(const struct netq *q, const struct tx_offload *off);
void intel_csum_context(struct netq *q, volatile struct intel_tx_desc *d, const struct tx_offload *off);
uint32_t intel_csum_options(const struct tx_offload *off);

/*
 * intel_attach.c: find, reset and register a device. -E_NOT_SUPP: BAR 0 is not as it should be; -E_TIMED_OUT: the device
 * does not answer; -E_NO_MEM: there are NICs enough.
 */
int intel_attach(struct pci_func *f, const struct intel_chip *chip, const struct netdev_ops *ops);

/* intel_hw.c: registers that are the same everywhere. */
bool intel_wait(volatile uint32_t *regs, uint32_t reg, uint32_t mask, uint32_t want);
bool intel_reset(volatile uint32_t *regs); /* false if the device does not answer */
bool intel_read_mac(volatile uint32_t *regs, uint8_t *mac); /* as the reset took it from the device's memory; true */
void intel_quiet(struct netdev *nd);       /* no DMA happens after return */
void intel_filter(volatile uint32_t *regs, const uint8_t *mac);
void intel_ring_init(volatile uint32_t *regs, uint32_t base, const void *ring, uint32_t size);
void intel_enable(volatile uint32_t *regs);
void intel_rss_write(volatile uint32_t *regs, const uint8_t *key, const uint8_t *table, int entry_shift);

#endif
