/* SPDX-License-Identifier: MIT */
/*
 * Receive buffers. Frame bytes lie in superpages that the program sees read-only at IX_RXBUFS; what we note
 * about each buffer is a struct buf, in kernel memory. A buffer is always in one hand:
 *
 *       buf_take             rx_poll               in order           event delivered
 *   FREE -------> NIC ring ---------> the stack ------------> (stack) ---------------> app
 *     ^                                 |  out-of-order data waits in lwIP             |
 *     '---------------------------------'----------------------------------------------'  buf_put
 *
 * Data is refused while fewer than BUF_RESERVE buffers are free or in the ring: those keep turning, so that
 * acknowledgements always get in, and with them the buffers that a program has lent to its own
 * transmissions.
 */
#ifndef JOS_KERN_DP_BUF_H
#define JOS_KERN_DP_BUF_H

#include <inc/ix.h>

#include "lwip/pbuf.h"

enum {
	BUF_RESERVE = 128,
	BUFS_PER_SUPER = PTSIZE / IX_BUFSIZE,
	BUF_SUPERS_MAX = (IX_HEAP - IX_RXBUFS) / PTSIZE,
};

enum buf_state { BUF_FREE, BUF_NIC, BUF_STACK, BUF_APP, BUF_NSTATES };

struct buf {
	struct pbuf_custom pbuf; /* first: lwIP's view of the frame while the stack has it */
	struct bufpool *pool;    /* whose it is; changes when its flow moves to another CPU */
	struct buf *next;        /* free, or next of its flow or UDP port */
	struct udp_port *udp;    /* whose datagram it holds */
	uint8_t *bytes;
	uint16_t index;          /* among all of the dataplane */
	uint16_t off, len;       /* payload, once in order */
	uint8_t state;
};

/* All buffers of a dataplane: superpages of frame bytes, and the records of each. */
struct bufset {
	struct buf *recs[BUF_SUPERS_MAX];
	uint8_t *super[BUF_SUPERS_MAX];
	uint32_t nsupers;
};

/* Those of one thread. Only its CPU touches them. */
struct bufpool {
	struct bufset *set;
	struct buf *free;
	uint32_t n;
	uint32_t count[BUF_NSTATES];
};

static inline uint32_t buf_index(const struct buf *b) { return b->index; }
static inline uint32_t buf_user(const struct buf *b) { return IX_RXBUFS + b->index * IX_BUFSIZE; }
static inline uint8_t *buf_bytes(const struct buf *b) { return b->bytes; }

static inline struct buf *buf_at(const struct bufset *set, uint32_t index)
{
	return &set->recs[index / BUFS_PER_SUPER][index % BUFS_PER_SUPER];
}

static inline bool buf_is_low(const struct bufpool *pool)
{
	return pool->count[BUF_FREE] + pool->count[BUF_NIC] < BUF_RESERVE;
}

void bufset_add(struct bufset *set, struct buf *recs, uint8_t *super); /* one superpage more; there is room */
void bufpool_init(struct bufpool *pool, struct bufset *set, uint32_t first_super); /* from there on all are this pool's */
struct buf *buf_take(struct bufpool *pool);                            /* a free one for the NIC, or NULL */
void buf_move(struct buf *b, enum buf_state to);
void buf_put(struct buf *b);                                           /* it is free again */

struct pbuf *buf_to_pbuf(struct buf *b, uint16_t off, uint16_t len);   /* freeing the pbuf frees the buffer */
/* By the app's address of any of its bytes: NULL: none of this pool. */
struct buf *buf_named(const struct bufpool *pool, uint32_t va);
/* Bytes that the app was lent, named by its own address; NULL: it was not. */
const uint8_t *buf_lent(const struct bufpool *pool, uint32_t va, uint32_t len);

#endif
