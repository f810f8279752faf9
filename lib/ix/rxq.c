/* SPDX-License-Identifier: MIT */
/*
 * Queues of received payload in place, linked through one table with an entry for each receive buffer that there can be. An
 * entry belongs to whoever holds the buffer, so the threads of a program share the table without a lock.
 */
#include <inc/error.h>
#include <inc/libix.h>

struct piece {
	uint32_t next; /* buffer number + 1 */
	uint16_t offset, len;
};

static struct piece *pieces; /* of the first piece, offset and len shrink as it is consumed */

int ix_rxq_init(void)
{
	pieces = ix_alloc((IX_HEAP - IX_RXBUFS) / IX_BUFSIZE * sizeof(*pieces));
	return pieces ? 0 : -E_NO_MEM;
}

void ix_rxq_put(struct ix_rxq *q, uint32_t addr, uint32_t len)
{
	uint32_t buf = (addr - IX_RXBUFS) / IX_BUFSIZE;

	pieces[buf] = (struct piece){ .offset = (addr - IX_RXBUFS) % IX_BUFSIZE, .len = len };
	if (q->last)
		pieces[q->last - 1].next = buf + 1;
	else
		q->first = buf + 1;
	q->last = buf + 1;
}

void *ix_rxq_peek(const struct ix_rxq *q, size_t *len)
{
	if (!q->first)
		return NULL;

	uint32_t buf = q->first - 1;
	*len = pieces[buf].len;
	return (void *)(uintptr_t)(IX_RXBUFS + buf * IX_BUFSIZE + pieces[buf].offset);
}

void ix_rxq_drop(struct ix_rxq *q, size_t n)
{
	struct piece *p = &pieces[q->first - 1];

	p->offset += n;
	p->len -= n;
	if (p->len)
		return;
	q->first = p->next;
	if (!q->first)
		q->last = 0;
}
