/* SPDX-License-Identifier: MIT */
/* Moving groups: both ends. The contract is move.h. */
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/dp/move.h>
#include <kern/dp/tcp_priv.h>

enum {
	DRAIN_TRIES = 1000,
	FAREWELL_US = 20000, /* for frames to leave, when a thread leaves at once */
};

/* ---- What a flow has of its CPU's ---- */

/* All receive buffers that the group's flows hold, and those that lwIP holds for them out of order. */
static uint32_t for_each_buf(struct fgroup *g, void (*act)(struct dp *dp, struct buf *b), struct dp *dp)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		for (struct buf *b = f ? f->rx_first : NULL; b; b = b->next, n++)
			act(dp, b);
		for (struct tcp_seg *seg = f && f->pcb ? f->pcb->ooseq : NULL; seg; seg = seg->next) {
			for (struct pbuf *p = seg->p; p; p = p->next, n++)
				act(dp, (struct buf *)p);
		}
	}
	return n;
}

/* Those of `from` that belong to groups that leave go to their group's own list, in order. */
static void sort_out(struct link *from, size_t list_in_group, size_t link_in_flow)
{
	struct link *next;

	for (struct link *at = from->next; at != from; at = next) {
		struct flow *f = (struct flow *)((char *)at - link_in_flow);
		next = at->next;
		if (!f->g->leaves)
			continue;
		link_take(at);
		list_append((struct link *)((char *)f->g + list_in_group), at);
	}
}

static void append_all(struct link *to, struct link *from)
{
	while (!link_alone(from)) {
		struct link *l = from->next;
		link_take(l);
		list_append(to, l);
	}
}

static struct door *door_at(const struct tcp_pcb_listen *lpcb) { return lpcb->callback_arg; }

/* A PCB that counts against the backlog names the plane's listener while it is under way; lwIP does not look. */
static void leave_doors(struct fgroup *g)
{
	for (uint32_t i = 0; i < g->nbuckets; i++) {
		for (struct tcp_pcb *pcb = g->buckets[i].active; pcb; pcb = pcb->next) {
			struct tcp_pcb_listen *lpcb = pcb->listener;
			bool counts = lpcb && (pcb->flags & TF_BACKLOGPEND);
			pcb->listener = counts ? (void *)door_at(lpcb)->listener : NULL;
			if (counts)
				lpcb->accepts_pending--;
		}
		for (struct tcp_pcb *pcb = g->buckets[i].time_wait; pcb; pcb = pcb->next)
			pcb->listener = NULL;
	}
}

/* The listener may be gone meanwhile: then the handshake will end with RST, as it would have there. */
static struct tcp_pcb_listen *door_for(struct dp *dp, const struct tcp_pcb *pcb)
{
	int slot = (struct listener *)pcb->listener - dp->plane->listeners;
	struct listener l;

	if (listener_on_port(dp->plane, pcb->local_port, &l) != slot)
		return NULL;
	struct door *d = door_of(dp, slot, &l);
	return d ? d->pcb : NULL;
}

static void find_doors(struct dp *dp, struct fgroup *g)
{
	for (uint32_t i = 0; i < g->nbuckets; i++) {
		for (struct tcp_pcb *pcb = g->buckets[i].active; pcb; pcb = pcb->next) {
			if (!pcb->listener)
				continue;
			pcb->listener = door_for(dp, pcb);
			if (door_can_count(pcb->listener))
				pcb->listener->accepts_pending++;
			else
				pcb->flags &= ~TF_BACKLOGPEND;
		}
	}
}

/* ---- Leaving ---- */

/* Mark those that can go, and tell the NIC. True: there are any. */
static bool redirect(struct dp *dp, bool safe, bool at_once)
{
	struct plane *p = dp->plane;
	bool any = false, changed = false;

	spin_lock(&p->table_lock);
	for (struct link *at = dp->groups.next; at != &dp->groups; at = at->next) {
		struct fgroup *g = group_at(at);
		bool wanted = p->want[g->index] != dp->thread || p->table[g->index] != dp->thread;
		g->quiet = wanted;
		g->leaves = at_once || (wanted && safe && g->touched != (uint32_t)dp->stat.run_ios);
		dp->asked |= wanted && !g->leaves;
		if (!g->leaves)
			continue;
		any = true;
		if (p->table[g->index] == dp->thread) {
			p->table[g->index] = p->want[g->index];
			changed = true;
		}
	}
	if (changed)
		dp->nd->ops->rss_set(dp->nd, NULL, p->table);
	spin_unlock(&p->table_lock);
	return any;
}

/* What the ring held when the table was written is in it now; nothing for these groups comes behind. */
static void run_ring(struct dp *dp)
{
	for (uint32_t n = 0; n < DP_RX_RING;) {
		int got = rx_batch(dp);
		rx_refill(dp);
		if (got == 0)
			break;
		n += got;
	}
}

static bool transmits_are_done(struct dp *dp)
{
	tx_kick(dp);
	for (int i = 0; i < DRAIN_TRIES; i++) {
		tx_reap(dp);
		if (dp->q->tx_head == dp->q->tx_tail)
			return true;
		mail_poll();
		cpu_relax();
	}
	return false;
}

/*
 * The thread goes, and the NIC does not read what it sent: its partner on the wire is stuck. Whoever has the flows next cannot
 * see when that ring is done. So nobody takes its frames back, nor uses the ring again, until the dataplane ends; and the
 * program is not told that bytes are free which the NIC may still read.
 */
static void transmits_end(struct dp *dp)
{
	uint64_t end = clock_us() + FAREWELL_US;

	while (!transmits_are_done(dp) && clock_us() < end)
		;
	dp->stuck = dp->q->tx_head != dp->q->tx_tail;
}

static void end_stamps(struct dp *dp, struct fgroup *g)
{
	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (!f)
			continue;
		flow_ripen(f, dp->q->tx_head);
		if (dp->stuck && f->tx_written != f->tx_done)
			f->flags |= FLOW_STUCK;
	}
}

static void push(struct dp *to, struct fgroup *g)
{
	g->next = __atomic_load_n(&to->incoming, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&to->incoming, &g->next, g, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

/* With the table's lock: a thread that leaves has its name taken out of the table, and finds on its list what came before. */
static void give_away(struct dp *dp, struct fgroup *g)
{
	end_stamps(dp, g);
	g->nbufs = for_each_buf(g, buf_leave, dp);
	g->from = dp;
	dp_drop_group(dp, g);
	dp->stat.groups_out++;
	spin_lock(&dp->plane->table_lock);
	struct dp *to = dp->plane->members[dp->plane->table[g->index]];
	push(to, g);
	plane_ask(to);
	spin_unlock(&dp->plane->table_lock);
}

static void leave(struct dp *dp)
{
	struct link *next;

	sort_out(&dp->pending, offsetof(struct fgroup, pending), offsetof(struct flow, pending));
	sort_out(&dp->waiting, offsetof(struct fgroup, waiting), offsetof(struct flow, waiting));
	for (struct link *at = dp->groups.next; at != &dp->groups; at = next) {
		struct fgroup *g = group_at(at);
		next = at->next;
		if (!g->leaves)
			continue;
		leave_doors(g);
		give_away(dp, g);
	}
}

static void leave_if_done(struct dp *dp, bool at_once)
{
	graves_clear(dp);
	run_ring(dp);
	if (at_once)
		transmits_end(dp);
	if (at_once || transmits_are_done(dp)) {
		doors_follow(dp);
		leave(dp);
	} else {
		dp->asked = true; /* the table stays: those groups leave in the next cycle */
	}
}

void groups_leave(struct dp *dp, bool safe)
{
	if (redirect(dp, safe, false))
		leave_if_done(dp, false);
}

/* Is a group here, or on its way to us, because somebody has read `want` before it changed? */
bool dp_has_groups(struct dp *dp)
{
	bool named = false;

	spin_lock(&dp->plane->table_lock);
	for (uint32_t i = 0; i < dp->plane->ngroups; i++)
		named |= dp->plane->table[i] == dp->thread;
	spin_unlock(&dp->plane->table_lock);
	return named || dp->ngroups;
}

/*
 * What is on its way to us will be pushed to where it is wanted instead. Frames that came here before it go there, too, and are
 * there first: to push a group takes the lock.
 */
static void take_name_out(struct dp *dp)
{
	struct plane *p = dp->plane;

	spin_lock(&p->table_lock);
	for (uint32_t i = 0; i < p->ngroups; i++) {
		if (p->table[i] == dp->thread)
			p->table[i] = p->want[i];
	}
	dp->nd->ops->rss_set(dp->nd, NULL, p->table);
	dp->hands_on = true;
	groups_adopt(dp);
	run_ring(dp);
	frames_hand_on(dp);
	dp->hands_on = false;
	spin_unlock(&p->table_lock);
}

/* It waits for no other CPU, which may be waiting for the big lock. */
void groups_leave_at_once(struct dp *dp)
{
	take_name_out(dp);
	if (redirect(dp, true, true))
		leave_if_done(dp, true);
}

/* ---- Arriving ---- */

static bool knows(const struct flow *f)
{
	return (f->flags & FLOW_TOLD) && f->state != FLOW_BURIED;
}

static void welcome(struct dp *dp, struct fgroup *g)
{
	append_all(&dp->pending, &g->pending);
	append_all(&dp->waiting, &g->waiting);
	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (!f)
			continue;
		f->stamp_end = dp->q->tx_head;
		if (knows(f)) {
			f->flags |= FLOW_MOVED;
			flow_pend(f);
		}
	}
}

void group_adopt(struct dp *dp, struct fgroup *g)
{
	dp_take_group(dp, g);
	g->quiet = g->leaves = false;
	g->touched = (uint32_t)dp->stat.run_ios - 1; /* it bears a count of the thread that it comes from */
	dp->stat.groups_in++;
	for_each_buf(g, buf_arrive, dp);
	find_doors(dp, g);
	welcome(dp, g);
	if (g->nbufs)
		bufs_return(dp, g->from, g->nbufs);
}

void groups_adopt(struct dp *dp)
{
	struct fgroup *g = __atomic_exchange_n(&dp->incoming, NULL, __ATOMIC_SEQ_CST), *next;
	bool any = g;

	bufs_take_returned(dp);
	for (; g; g = next) {
		next = g->next;
		group_adopt(dp, g);
	}
	any |= frames_take(dp);
	if (any)
		frames_run(dp);
}
