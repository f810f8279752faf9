/* SPDX-License-Identifier: MIT */
/*
 * lwIP's timers, and other work that goes through all buckets: a slice of them in one cycle. The contract is tcp.h; the
 * rules named here are those of tcp.c.
 */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

enum {
	PASS_US = 250000,
	TICK_US = 500000,
	SLICE = 128, /* buckets in one cycle */
};

/* ---- Timers ---- */

/* The pass comes to a group. One without flows is done with at once. */
static void visit(struct dp *dp, struct fgroup *g)
{
	g->slow = (int32_t)(dp->ticks - g->clock.ticks) > 0; /* it may come from a CPU that is a little ahead */
	if (g->slow)
		g->clock.ticks = dp->ticks;
	g->clock.pass += 2; /* one for the fast timers, one for the slow */
	g->cursor = g->flows.nused ? 0 : g->nbuckets;
}

static void begin_pass(struct dp *dp)
{
	for (; dp->now_us >= dp->tick_us; dp->tick_us += TICK_US)
		dp->ticks++;
	dp->pass_us = dp->now_us + PASS_US;
	reass_tick(dp);
	dp->pass_at = dp->groups.next;
	if (dp->pass_at != &dp->groups)
		visit(dp, group_at(dp->pass_at));
}

static void pass_to_next_group(struct dp *dp)
{
	dp->pass_at = dp->pass_at->next;
	if (dp->pass_at != &dp->groups)
		visit(dp, group_at(dp->pass_at));
}

static uint32_t seq_of(const struct tcp_seg *seg) { return lwip_ntohl(seg->tcphdr->seqno); }

/* Rule 10: what is unsent, and older than what is not acknowledged, goes back before that. */
static void put_in_order(struct tcp_pcb *pcb)
{
	struct tcp_seg *first = pcb->unsent, *last = NULL;

	if (!pcb->unacked)
		return;
	for (struct tcp_seg *seg = first; seg && TCP_SEQ_LT(seq_of(seg), seq_of(pcb->unacked)); seg = seg->next)
		last = seg;
	if (!last)
		return;
	pcb->unsent = last->next;
	last->next = pcb->unacked;
	pcb->unacked = first;
}

/*
 * Rule 8; and a PCB whose only unsent byte went out as a probe must leave the persist state, which lwIP
 * forgets.
 */
static void prepare_slow(struct fgroup *g, struct tcp_pcb *list)
{
	for (struct tcp_pcb *pcb = list; pcb; pcb = pcb->next) {
		if (pcb->state == LAST_ACK)
			pcb->tmr = g->clock.ticks;
		put_in_order(pcb);
		if (!pcb->unsent)
			pcb->persist_backoff = 0;
		if (pcb->unacked && pcb->rtime >= 0 && pcb->rtime + 1 >= pcb->rto && !pcb->persist_backoff)
			g->owner->stat.tcp_rexmits++;
	}
}

/* Rule 2: each timer function advances its counter once more; hand it the value before. */
static void pass_over(struct fgroup *g, uint32_t bucket)
{
	struct lwip_clock fast = { g->clock.ticks, g->clock.pass - 2 };
	struct lwip_clock slow = { g->clock.ticks - 1, g->clock.pass - 1 };

	if (!g->buckets[bucket].active && !g->buckets[bucket].time_wait)
		return;
	lwip_enter(g, bucket, -E_TIMED_OUT);
	lwip_clock_set(&fast);
	tcp_fasttmr();
	if (g->slow) {
		prepare_slow(g, tcp_active_pcbs);
		lwip_clock_set(&slow);
		tcp_slowtmr();
	}
	lwip_leave(g);
}

static bool pass_is_over(const struct dp *dp) { return dp->pass_at == &dp->groups; }

void stack_forget_group(struct dp *dp, struct fgroup *g)
{
	if (dp->pass_at == &g->owned)
		pass_to_next_group(dp);
	if (dp->shed_at == &g->owned)
		dp->shed_at = &dp->groups;
}

void stack_timers(struct dp *dp)
{
	OWN_CPU(dp);
	neigh_tick(dp);
	if (pass_is_over(dp)) {
		if (dp->now_us < dp->pass_us)
			return;
		begin_pass(dp);
	}
	for (int n = 0; n < SLICE && !pass_is_over(dp); n++) {
		struct fgroup *g = group_at(dp->pass_at);
		if (g->cursor < g->nbuckets)
			pass_over(g, g->cursor++);
		else
			pass_to_next_group(dp);
	}
}

/* With nobody to talk to, nothing. What ages meanwhile ages at once when there is somebody again. */
uint64_t stack_due_us(const struct dp *dp)
{
	if (!pass_is_over(dp))
		return 0;
	if (dp->nflows)
		return MIN(dp->pass_us, dp->neigh.tick_us);
	return dp->udp.nbound || dp->neigh.nkept || dp->reass.nused ? dp->neigh.tick_us : NEVER_US;
}

/* ---- When buffers are low ---- */

static void shed_bucket(struct fgroup *g, uint32_t bucket)
{
	for (struct tcp_pcb *pcb = g->buckets[bucket].active; pcb; pcb = pcb->next) {
		if (pcb->ooseq)
			tcp_free_ooseq(pcb);
	}
}

/* A slice of buckets, beginning where the last one ended. */
void stack_shed(struct dp *dp)
{
	for (int n = 0; n < SLICE && dp->bufs.count[BUF_STACK]; n++) {
		if (dp->shed_at == &dp->groups) {
			dp->shed_at = dp->groups.next;
			dp->shed_bucket = 0;
			continue;
		}
		struct fgroup *g = group_at(dp->shed_at);
		if (dp->shed_bucket < g->nbuckets && g->flows.nused) {
			shed_bucket(g, dp->shed_bucket++);
			continue;
		}
		dp->shed_at = dp->shed_at->next;
		dp->shed_bucket = 0;
	}
}
