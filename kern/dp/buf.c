/* SPDX-License-Identifier: MIT */
/* Receive buffers. The contract is buf.h. */
#include <kern/dp/buf.h>

void bufpool_init(struct bufpool *pool, struct buf *bufs, uint32_t n)
{
	pool->bufs = bufs;
	pool->n = n;
	pool->free = NULL;
	for (uint32_t i = n; i-- > 0;) {
		bufs[i].pool = pool;
		bufs[i].state = BUF_FREE;
		bufs[i].next = pool->free;
		pool->free = &bufs[i];
	}
	pool->count[BUF_FREE] = n;
}

void buf_move(struct buf *b, enum buf_state to)
{
	b->pool->count[b->state]--;
	b->state = to;
	b->pool->count[to]++;
}

struct buf *buf_take(struct bufpool *pool)
{
	struct buf *b = pool->free;

	if (b) {
		pool->free = b->next;
		b->next = NULL;
		b->udp = NULL;
		buf_move(b, BUF_NIC);
	}
	return b;
}

void buf_put(struct buf *b)
{
	buf_move(b, BUF_FREE);
	b->next = b->pool->free;
	b->pool->free = b;
}

static void pbuf_freed(struct pbuf *p) { buf_put((struct buf *)p); }

struct pbuf *buf_to_pbuf(struct buf *b, uint16_t off, uint16_t len)
{
	uint8_t *bytes = buf_bytes(b) + off;

	b->pbuf.custom_free_function = pbuf_freed;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &b->pbuf, bytes, IX_BUFSIZE - off);
}

/* The bytes must lie within one buffer. */
const uint8_t *buf_lent(const struct bufpool *pool, uint32_t va, uint32_t len)
{
	uint32_t i = (va - IX_RXBUFS) / IX_BUFSIZE, off = (va - IX_RXBUFS) % IX_BUFSIZE;

	if (va < IX_RXBUFS || i >= pool->n || len > IX_BUFSIZE - off)
		return NULL;
	const struct buf *b = &pool->bufs[i];
	return b->state == BUF_APP ? buf_bytes(b) + off : NULL;
}
