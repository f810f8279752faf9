/* SPDX-License-Identifier: MIT */
/* Receive buffers. The contract is buf.h. */
#include <kern/dp/buf.h>

void bufset_add(struct bufset *set, struct buf *recs, uint8_t *super)
{
	uint32_t first = set->nsupers * BUFS_PER_SUPER;

	for (uint32_t i = 0; i < BUFS_PER_SUPER; i++)
		recs[i] = (struct buf){ .bytes = super + i * IX_BUFSIZE, .index = first + i };
	set->recs[set->nsupers] = recs;
	set->super[set->nsupers] = super;
	set->nsupers++;
}

void bufpool_init(struct bufpool *pool, struct bufset *set, uint32_t first_super)
{
	*pool = (struct bufpool){ .set = set };
	for (uint32_t i = set->nsupers * BUFS_PER_SUPER; i-- > first_super * BUFS_PER_SUPER;) {
		struct buf *b = buf_at(set, i);
		b->pool = pool;
		b->state = BUF_FREE;
		b->next = pool->free;
		pool->free = b;
		pool->n++;
	}
	pool->count[BUF_FREE] = pool->n;
}

/* Into another hand: its state, and its pool's counts, of which each says how many are in that state. */
void buf_move(struct buf *b, enum buf_state to)
{
#ifndef EXERCISE_5
	b->pool->count[b->state]--;
	b->state = to;
	b->pool->count[to]++;
#else
	/* LAB IX: Your code here. (Exercise 5) */
	(void)b, (void)to;
#endif
}

/*
 * The first of the pool's free buffers, for the NIC: off the list, in state BUF_NIC, its links (next, udp) NULL. NULL when
 * there is none.
 */
struct buf *buf_take(struct bufpool *pool)
{
#ifndef EXERCISE_5
	struct buf *b = pool->free;

	if (b) {
		pool->free = b->next;
		b->next = NULL;
		b->udp = NULL;
		buf_move(b, BUF_NIC);
	}
	return b;
#else
	/* LAB IX: Your code here. (Exercise 5) */
	(void)pool;
	return NULL;
#endif
}

/* From whatever hand it was in back to the front of its pool's free list: what was used last is still in the cache. */
void buf_put(struct buf *b)
{
#ifndef EXERCISE_5
	buf_move(b, BUF_FREE);
	b->next = b->pool->free;
	b->pool->free = b;
#else
	/* LAB IX: Your code here. (Exercise 5) */
	(void)b;
#endif
}

static void pbuf_freed(struct pbuf *p) { buf_put((struct buf *)p); }

struct pbuf *buf_to_pbuf(struct buf *b, uint16_t off, uint16_t len)
{
	uint8_t *bytes = buf_bytes(b) + off;

	b->pbuf.custom_free_function = pbuf_freed;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &b->pbuf, bytes, IX_BUFSIZE - off);
}

struct buf *buf_named(const struct bufpool *pool, uint32_t va)
{
	uint32_t i = (va - IX_RXBUFS) / IX_BUFSIZE;

	if (va < IX_RXBUFS || i >= pool->set->nsupers * BUFS_PER_SUPER)
		return NULL;
	struct buf *b = buf_at(pool->set, i);
	return b->pool == pool ? b : NULL;
}

/*
 * A program says that bytes [va, va + len) are its own to send: are they? They must lie within one buffer, of this pool
 * (buf_named() finds it), which the program has in its hands now (BUF_APP). Then their address here; else NULL. va and
 * len are any numbers at all.
 */
const uint8_t *buf_lent(const struct bufpool *pool, uint32_t va, uint32_t len)
{
#ifndef EXERCISE_5
	const struct buf *b = buf_named(pool, va);
	uint32_t off = (va - IX_RXBUFS) % IX_BUFSIZE;

	return b && len <= IX_BUFSIZE - off && b->state == BUF_APP ? b->bytes + off : NULL;
#else
	/* LAB IX: Your code here. (Exercise 5) */
	(void)pool, (void)va, (void)len;
	return NULL;
#endif
}
