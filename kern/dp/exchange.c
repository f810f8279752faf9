/* SPDX-License-Identifier: MIT */
/*
 * What goes from one thread's CPU to another's beside the groups themselves: receive buffers, and frames that came before their
 * group did, or in fragments. The contract is move.h.
 */
#include <inc/string.h>

#include <kern/dp/move.h>

/* A list that any CPU adds to, and one takes as a whole; the last comes first. */
static void push(struct buf *volatile *list, struct buf *b)
{
	b->next = __atomic_load_n(list, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(list, &b->next, b, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

/* ---- Buffers ---- */

void buf_leave(struct dp *dp, struct buf *b)
{
	dp->bufs.count[b->state]--;
	dp->bufs.n--;
	b->pool = NULL;
}

void buf_arrive(struct dp *dp, struct buf *b)
{
	b->pool = &dp->bufs;
	dp->bufs.count[b->state]++;
	dp->bufs.n++;
}

uint32_t bufs_return(struct dp *dp, struct dp *to, uint32_t n)
{
	uint32_t left = n;
	struct buf *b;

	for (; left > 0 && dp->bufs.count[BUF_FREE] > BUF_RESERVE && (b = buf_take(&dp->bufs)); left--) {
		buf_move(b, BUF_FREE);
		buf_leave(dp, b);
		push(&to->returned, b);
	}
	plane_ask(to);
	return n - left;
}

void bufs_take_returned(struct dp *dp)
{
	struct buf *b = __atomic_exchange_n(&dp->returned, NULL, __ATOMIC_SEQ_CST), *next;

	for (; b; b = next) {
		next = b->next;
		buf_arrive(dp, b);
		buf_put(b);
	}
}

/* ---- Frames ---- */

/* Its length and flags wait in the buffer's record. */
void frame_park(struct dp *dp, struct fgroup *g, struct buf *b, uint32_t len, uint16_t flags)
{
	bool comes = dp->plane->table[g->index] == dp->thread || dp->hands_on;

	if (!comes || buf_is_low(&dp->bufs)) {
		*(buf_is_low(&dp->bufs) ? &dp->stat.drop_rx_nobuf : &dp->stat.drop_rx_queue) += 1;
		buf_put(b);
		return;
	}
	b->len = len;
	b->off = flags & ~RX_HASH;
	b->next = NULL;
	*(dp->parked_first ? &dp->parked_last->next : &dp->parked_first) = b;
	dp->parked_last = b;
	dp->stat.rx_parked++;
}

static struct buf *take_parked(struct dp *dp)
{
	struct buf *b = dp->parked_first;

	dp->parked_first = dp->parked_last = NULL;
	return b;
}

void frames_run(struct dp *dp)
{
	struct buf *b = take_parked(dp), *next;

	for (; b; b = next) {
		next = b->next;
		frame_unpark(dp, b); /* or it is parked again */
	}
}

/* With the table's lock: from who is named there, nothing is overlooked. */
static void hand(struct dp *dp, struct dp *to, struct buf *b)
{
	buf_leave(dp, b);
	__atomic_add_fetch(&dp->owed[to->thread], 1, __ATOMIC_SEQ_CST);
	push(&to->handed, b);
	plane_ask(to);
}

void frames_hand_on(struct dp *dp)
{
	struct plane *p = dp->plane;
	struct buf *b = take_parked(dp), *next;

	for (; b; b = next) {
		next = b->next;
		hand(dp, p->members[p->table[frame_group(dp, b)->index]], b);
	}
}

bool frame_hand(struct dp *dp, struct fgroup *g, struct buf *b, uint32_t len, uint16_t flags)
{
	struct plane *p = dp->plane;

	if (dp->hands_on)
		return false; /* it will be, with all that is parked */
	spin_lock(&p->table_lock);
	struct dp *to = p->members[p->table[g->index]];
	if (to != dp) {
		b->len = len;
		b->off = flags & ~RX_HASH;
		dp->stat.rx_handed++;
		hand(dp, to, b);
	}
	spin_unlock(&p->table_lock);
	return to != dp;
}

/* Free buffers for those that came with the frames. What cannot be spared is owed until the next ones come. */
static void pay(struct dp *dp)
{
	for (uint32_t i = 0; i < dp->plane->nqueues; i++) {
		struct dp *from = dp->plane->members[i];
		uint32_t n = from ? __atomic_load_n(&from->owed[dp->thread], __ATOMIC_SEQ_CST) : 0;
		if (n)
			__atomic_sub_fetch(&from->owed[dp->thread], bufs_return(dp, from, n), __ATOMIC_SEQ_CST);
	}
}

bool frames_take(struct dp *dp)
{
	struct buf *b = __atomic_exchange_n(&dp->handed, NULL, __ATOMIC_SEQ_CST), *next;
	bool any = b;

	for (; b; b = next) { /* the last first, and each to the front: so they are in order again */
		next = b->next;
		buf_arrive(dp, b);
		b->next = dp->parked_first;
		dp->parked_first = b;
		if (!b->next)
			dp->parked_last = b;
	}
	if (any)
		pay(dp);
	return any;
}

void frames_forget(struct dp *dp)
{
	struct buf *b = take_parked(dp), *next;

	for (; b; b = next) {
		next = b->next;
		dp->stat.drop_rx_queue++;
		buf_put(b);
	}
}
