/* SPDX-License-Identifier: MIT */
/*
 * What goes from one thread's CPU to another's beside the groups themselves: receive buffers, and frames that came before their
 * group did. The contract is move.h.
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

void bufs_return(struct dp *dp, struct dp *to, uint32_t n)
{
	struct buf *b;

	for (; n > 0 && dp->bufs.count[BUF_FREE] > BUF_RESERVE && (b = buf_take(&dp->bufs)); n--) {
		buf_move(b, BUF_FREE);
		buf_leave(dp, b);
		push(&to->returned, b);
	}
	plane_ask(to);
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

void frames_hand_on(struct dp *dp)
{
	struct plane *p = dp->plane;
	struct buf *b = take_parked(dp), *next;

	for (; b; b = next) {
		struct dp *to = p->members[p->table[frame_group(dp, b)->index]];
		next = b->next;
		buf_leave(dp, b);
		__atomic_add_fetch(&dp->owed[to->thread], 1, __ATOMIC_SEQ_CST);
		push(&to->handed, b);
		plane_ask(to);
	}
}

/* Free buffers for those that came with the frames. */
static void pay(struct dp *dp)
{
	for (uint32_t i = 0; i < dp->plane->nqueues; i++) {
		struct dp *from = dp->plane->members[i];
		uint32_t n = from ? __atomic_exchange_n(&from->owed[dp->thread], 0, __ATOMIC_SEQ_CST) : 0;
		if (n)
			bufs_return(dp, from, n);
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
