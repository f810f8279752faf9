/* SPDX-License-Identifier: MIT */
/* A flow's received payload, from the stack to the app and back. The contract is in flow.h. */
#include <kern/dp/buf.h>
#include <kern/dp/flow.h>

void flow_take(struct flow *f, struct buf *b)
{
	if (!b->len || (f->flags & FLOW_CLOSED)) {
		buf_put(b);
		return;
	}
	b->next = NULL;
	if (f->rx_first)
		f->rx_last->next = b;
	else
		f->rx_first = b;
	f->rx_last = b;
	if (!f->rx_next)
		f->rx_next = b;
}

struct buf *flow_lend(struct flow *f)
{
	struct buf *b = f->rx_next;

	if (b) {
		f->rx_next = b->next;
		f->rx_lent += b->len;
		buf_move(b, BUF_APP);
	}
	return b;
}

/*
 * Credit is counted in bytes, in the order of arrival, and need not end where buffers do: rx_credit is what is done of the
 * first buffer, but not all of it. Every buffer that is covered goes back (buf_put()), oldest first; none that was not
 * lent: the chain is lent up to rx_next.
 */
void flow_done(struct flow *f, uint32_t bytes)
{
#ifndef EXERCISE_12
	f->rx_lent -= bytes;
	f->rx_credit += bytes;
	while (f->rx_first != f->rx_next && f->rx_credit >= f->rx_first->len) {
		struct buf *b = f->rx_first;
		f->rx_first = b->next;
		f->rx_credit -= b->len;
		buf_put(b);
	}
#else
	/* LAB IX: Your code here. (Exercise 12) */
	(void)f, (void)bytes;
#endif
}

static void put_chain(struct buf *b)
{
	while (b) {
		struct buf *next = b->next;
		buf_put(b);
		b = next;
	}
}

void flow_drop_undelivered(struct flow *f)
{
	struct buf **end = &f->rx_first;

	for (f->rx_last = NULL; *end != f->rx_next; end = &(*end)->next)
		f->rx_last = *end;
	*end = NULL;
	put_chain(f->rx_next);
	f->rx_next = NULL;
}

void flow_drop_all(struct flow *f)
{
	put_chain(f->rx_first);
	f->rx_first = f->rx_next = f->rx_last = NULL;
	f->rx_lent = f->rx_credit = 0;
}
