/* SPDX-License-Identifier: MIT */
/*
 * The contract between network drivers and their users (the dataplane, or lab 6).
 *
 * Every driver has the same functions in the same order. A queue pair belongs to one CPU at a time, which
 * alone calls the q-functions, without a lock. Indices are free-running: full and empty are one subtraction.
 * Buffers are named by the user's own numbers and physical addresses; the driver never touches frame bytes.
 *
 *   receive:   user --rx_provide--> ring --(device)--> rx_poll --> user        RDT is written by rx_flush only
 *   transmit:  user --tx_put--> ring --(device)--> tx_reap --> user            TDT is written by tx_flush only
 */
#ifndef JOS_KERN_DEV_NETDEV_H
#define JOS_KERN_DEV_NETDEV_H

#include <inc/types.h>
#include <kern/dev/msix.h>

#define NNETDEV 8
#define NETDEV_QUEUES 8
#define TX_FRAGS_MAX 40 /* pieces of one frame, headers included; QEMU's e1000e drops frames of more than 64 */
#define RSS_KEY_SIZE 40
#define RSS_TABLE_SIZE 128

struct netdev;
struct pci_func;

/* A received frame, CRC stripped. */
struct rx_frame {
	uint32_t buf;    /* the number that rx_provide was given */
	uint16_t len;
	uint16_t flags;  /* RX_x */
	uint32_t hash;   /* RSS hash, with RX_HASH */
};
enum { RX_ERROR = 1, RX_CSUM_OK = 2, RX_HASH = 4 }; /* RX_ERROR: the device saw an error, or a frame longer than a buffer */

struct tx_frag {
	physaddr_t pa;
	uint32_t len;
};

/* What the device must compute. The TCP or UDP checksum field must hold the pseudo-header's sum (not inverted). */
struct tx_offload {
	uint8_t flags;   /* TX_x */
	uint8_t l2_len;  /* 14 */
	uint8_t l3_len;  /* 20 and up */
};
enum { TX_CSUM_IP = 1, TX_CSUM_TCP = 2, TX_CSUM_UDP = 4 };

struct netq {                  /* each on lines of its own, for each has a CPU of its own */
	struct netdev *nd;
	uint16_t index;        /* queue number */
	uint16_t rx_size;      /* descriptors; powers of two */
	uint16_t tx_size;

	/* Receive: [rx_head, rx_tail) are with the device. */
	uint32_t rx_head, rx_tail, rx_flushed;
	void *rx_ring;
	uint32_t *rx_buf;      /* buffer number of each descriptor */
	uint32_t rx_door;      /* driver's: its tail register */
	bool rx_spans;         /* driver's: the last descriptor taken did not end its frame */

	/* Transmit: [tx_head, tx_tail) are with the device or queued for it. */
	uint32_t tx_head, tx_tail, tx_flushed;
	void *tx_ring;
	void **tx_ctx;         /* the user's word for a frame, at the frame's last descriptor; else NULL */
	uint32_t *tx_last;     /* driver's: at a frame's first descriptor, the index of its last */
	uint32_t tx_door;      /* driver's: its tail register */
	uint32_t tx_offload;   /* driver's: last checksum context written */

	/* Counted by the driver, read by the user. */
	uint64_t rx_doorbells, tx_doorbells, tx_descriptors;
} __attribute__((aligned(64)));

struct netdev_ops {
	/* Reset the device, make queue 0 .. nqueues-1 with these ring sizes, start receiving. 0, -E_NO_MEM, -E_INVAL. */
	int (*start)(struct netdev *nd, int nqueues, int rx_size, int tx_size);
	/* Quiet the device: after return no DMA happens. Frames still queued are gone; rings are freed. */
	void (*stop)(struct netdev *nd);

	int (*rx_poll)(struct netq *q, struct rx_frame *frames, int max); /* how many, in order of arrival */
	int (*rx_provide)(struct netq *q, uint32_t buf, physaddr_t pa);   /* 0, or -E_AGAIN: ring is full */
	void (*rx_flush)(struct netq *q);
	int (*rx_waiting)(struct netq *q);                                /* frames that rx_poll would find; not for each packet */

	/*
	 * All pieces of one frame, or nothing: -E_AGAIN when the ring lacks room; -E_INVAL for what never could be
	 * sent: 0 or too many pieces, an empty piece, or more than 1518 bytes.
	 */
	int (*tx_put)(struct netq *q, const struct tx_frag *frags, int n, const struct tx_offload *off, void *ctx);
	void (*tx_flush)(struct netq *q);
	int (*tx_reap)(struct netq *q, void **ctxs, int max); /* finished frames' ctx words, in order; advances tx_head */

	void (*irq_enable)(struct netq *q, bool on); /* interrupt when a frame arrives; off after start */
	bool (*irq_ack)(struct netdev *nd);          /* in the handler: was it ours? clears the cause */

	/*
	 * Until the device is stopped, this queue's interrupt comes to this CPU, as `irq` (irq_alloc() gives one),
	 * and the device's pin nd->irq is silent: queues that are not routed have no interrupt. -E_NOT_SUPP: the
	 * device has the pin only.
	 */
	int (*irq_route)(struct netq *q, int irq, uint8_t apicid);

	/*
	 * With several queues: spread frames by a Toeplitz hash (toeplitz.h) of what rss_kinds names. A frame goes to
	 * queue table[hash % RSS_TABLE_SIZE]; what is not hashed goes to queue 0. After start the key is toeplitz_key
	 * and all entries are 0. key NULL: leave it as it is. -E_INVAL: no such queue. -E_NOT_SUPP: one queue only.
	 */
	int (*rss_set)(struct netdev *nd, const uint8_t *key, const uint8_t *table);
};
enum { RSS_TCP4 = 1, RSS_UDP4 = 2 }; /* addresses and ports of these; not of fragments */

enum netdev_owner { NETDEV_FREE, NETDEV_DP, NETDEV_LAB6 };

struct netdev {
	const char *name;                 /* the driver's */
	const struct netdev_ops *ops;
	uint8_t mac[6];
	uint8_t max_queues;
	uint8_t rss_kinds;                /* RSS_x */
	uint8_t irq;                      /* IOAPIC pin */
	uint16_t buf_size;                /* bytes of each receive buffer: 2048 */
	enum netdev_owner owner;          /* one owner at a time; under the big lock */
	enum netdev_owner reserved;       /* the only one who may claim it; NETDEV_FREE: anybody */
	const void *priv;                 /* driver's */
	volatile uint32_t *regs;          /* driver's */
	struct msix msix;                 /* driver's */
	int nqueues;
	struct netq q[NETDEV_QUEUES];
};

extern struct netdev netdevs[NNETDEV];
extern int nnetdevs;

/* By drivers, in their attach functions: a new device, zeroed but for its name and ops. NULL when there are too many. */
struct netdev *netdev_register(const char *name, const struct netdev_ops *ops);

/*
 * At boot, when the drivers have found their cards. Boot arguments: nicN=lab6 or nicN=dp keeps NIC N for one of the two sides;
 * without, it is whose comes first. macN=xx:xx:xx:xx:xx:xx replaces the address that NIC N's card has.
 */
void netdev_read_arguments(void);

/* By users, with the big lock: the n-th device, if it is free, becomes `owner`'s. NULL if not. */
struct netdev *netdev_claim(int n, enum netdev_owner owner);
void netdev_release(struct netdev *nd); /* stops it first */

#endif
