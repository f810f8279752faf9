/* SPDX-License-Identifier: MIT */
/*
 * The one module around lwIP. Contract: tcp.h. What lwIP needs to be right when used like this:
 *
 *  1. Its list heads are those of one bucket. lwip_enter() sets them, lwip_leave() takes them back, and
 *     nothing that adds or removes a PCB happens outside: from the wrong list, a PCB is freed but stays
 *     linked.
 *  2. Its two tick counters are set at each entry and for each bucket of a timer pass. Advanced per bucket,
 *     as it would itself, no PCB's retransmission timer ever fires.
 *  3. It never runs out of memory half-way: who begins something new has seen that the slab is not dry.
 *     Else it would kill other flows of the bucket.
 *  4. Local ports are chosen here; it would search one bucket only.
 *  5. A listener is closed after all PCBs have forgotten it; it would look in one bucket only.
 *  6. Callbacks note what happened in the flow, pend it, and do nothing else; so none frees a PCB that lwIP
 *     is using.
 *  7. TIME_WAIT yields to a newer connection between the same ends, and to want of memory; it would answer
 *     wrongly, or search one bucket.
 *  8. A flow in LAST_ACK ends by acknowledgement or by retransmitting in vain, not after 2 MSL of silence:
 *     its peer may be slow to read.
 *  9. Received bytes are given back before a flow is closed, or it would send RST instead of FIN.
 *
 * This file enters lwIP for segments and for the time; tcp_call.c for the program's calls; its callbacks
 * are in tcp_note.c.
 */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip.h"

enum {
	DEFAULT_TTL = 64,
	PASS_US = 250000,
	TICK_US = 500000,
	ARP_US = 1000000,
	ARP_FORGOTTEN_US = 301 * ARP_US, /* lwIP keeps no address for so long */
	HALF_OPEN_TICKS = 2,
	SLICE = 128, /* buckets of a timer pass in one cycle */
};

/* ---- Entering lwIP ---- */

void lwip_enter(struct fgroup *g, uint32_t bucket, int abort_reason)
{
	RULE(!g->entered && !tcp_active_pcbs && !tcp_tw_pcbs && !tcp_bound_pcbs);
	g->entered = true;
	g->bucket = bucket;
	g->abort_reason = abort_reason;
	tcp_active_pcbs = g->active[bucket];
	tcp_tw_pcbs = g->time_wait[bucket];
	tcp_listen_pcbs.listen_pcbs = g->listening;
	lwip_slab = &g->slab;
	lwip_clock_set(&g->clock);
}

void lwip_leave(struct fgroup *g)
{
	RULE(g->entered && !tcp_bound_pcbs);
	g->active[g->bucket] = tcp_active_pcbs;
	g->time_wait[g->bucket] = tcp_tw_pcbs;
	g->listening = tcp_listen_pcbs.listen_pcbs;
	RULE(!g->active[BUCKET_NONE] && !g->time_wait[BUCKET_NONE]);
	tcp_active_pcbs = tcp_tw_pcbs = NULL;
	tcp_listen_pcbs.listen_pcbs = NULL;
	g->entered = false;
}

struct tcp_pcb *pcb_find(struct tcp_pcb *list, const struct tuple *t)
{
	while (list && !(list->remote_port == t->rport && list->local_port == t->lport &&
			 list->remote_ip.addr == t->rip && list->local_ip.addr == t->lip))
		list = list->next;
	return list;
}

/* ---- Segments ---- */

static void end_time_wait(struct flow *f)
{
	struct fgroup *g = f->g;

	lwip_enter(g, f->bucket, 0);
	tcp_abort(f->pcb); /* in TIME_WAIT this sends nothing */
	lwip_leave(g);
}

/* The oldest one in TIME_WAIT makes room. */
static bool reclaim(struct fgroup *g)
{
	if (link_alone(&g->waiting))
		return false;
	g->owner->stat.timewait_reclaimed++;
	end_time_wait(container_of(g->waiting.next, struct flow, waiting));
	return true;
}

static bool make_room(struct fgroup *g)
{
	while (slab_is_dry(&g->slab) && reclaim(g))
		;
	struct ix_stat *stat = &g->owner->stat;
	if (slab_is_dry(&g->slab)) {
		stat->drop_rx_nomem++;
		return false;
	}
	if (!flow_table_has_room(&g->flows)) {
		stat->drop_flows++;
		return false;
	}
	return true;
}

/*
 * A listener's backlog is full. Its oldest handshake makes room, in silence, if it was not done in half a second: in a
 * flood of SYNs it is most likely one that nobody will go on with, while a real one is done within a round trip.
 */
static bool make_way(struct fgroup *g, const struct listener *l)
{
	struct link *at = g->half.next;

	while (at != &g->half && container_of(at, struct flow, waiting)->pcb->listener != l->pcb)
		at = at->next;
	g->owner->stat.drop_backlog++;
	if (at == &g->half)
		return false;
	struct flow *f = container_of(at, struct flow, waiting);
	if (g->clock.ticks - f->pcb->tmr < HALF_OPEN_TICKS)
		return false;
	lwip_enter(g, f->bucket, -E_ABORTED);
	tcp_abandon(f->pcb, 0);
	lwip_leave(g);
	flow_bury(f);
	return true;
}

/* Rules 3 and 7. May this SYN go on to lwIP? It may where lwIP will only answer it. */
static bool admit(struct fgroup *g, uint32_t bucket, const struct segment *seg)
{
	struct tcp_pcb *old = pcb_find(g->time_wait[bucket], &seg->tuple);

	if (old && TCP_SEQ_GT(seg->seq, old->rcv_nxt)) {
		g->owner->stat.timewait_reused++;
		end_time_wait(old->callback_arg);
	} else if (old || pcb_find(g->active[bucket], &seg->tuple)) {
		return true;
	}
	struct listener *l = listener_on_port(g, seg->tuple.lport);
	if (!l)
		return true;
	if (l->pcb->accepts_pending >= l->pcb->backlog && !make_way(g, l))
		return false;
	return make_room(g);
}

/* A PCB that got to TIME_WAIT is at the head of that list. For the program its flow has ended. */
static void note_time_wait(struct fgroup *g, const struct tcp_pcb *before)
{
	if (tcp_tw_pcbs == before || !tcp_tw_pcbs)
		return;
	struct flow *f = tcp_tw_pcbs->callback_arg;
	RULE(f->pcb == tcp_tw_pcbs && link_alone(&f->waiting));
	list_append(&g->waiting, &f->waiting);
	g->nwaiting++;
	flow_end(f);
}

void stack_segment(struct dp *dp, struct pbuf *p, const struct segment *seg)
{
	struct fgroup *g = dp->group;
	uint32_t bucket = fgroup_bucket(g, &seg->tuple);

	if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && !admit(g, bucket, seg)) {
		pbuf_free(p);
		return;
	}
	lwip_enter(g, bucket, -E_RESET);
	const struct tcp_pcb *before = tcp_tw_pcbs;
	ip4_input(p, &dp->netif);
	note_time_wait(g, before);
	lwip_leave(g);
}

void stack_packet(struct dp *dp, struct pbuf *p)
{
	lwip_enter(dp->group, BUCKET_NONE, 0);
	ip4_input(p, &dp->netif);
	lwip_leave(dp->group);
}

void stack_use_memory(struct dp *dp) { lwip_slab = &dp->group->slab; }

bool stack_output(struct dp *dp, struct pbuf *p, uint32_t to, uint8_t proto)
{
	ip4_addr_t from = { dp->ip }, dest = { to };

	lwip_enter(dp->group, BUCKET_NONE, 0);
	err_t err = ip4_output_if(p, &from, &dest, DEFAULT_TTL, 0, proto, &dp->netif);
	lwip_leave(dp->group);
	return err == ERR_OK;
}

void stack_arp(struct dp *dp, struct pbuf *p)
{
	lwip_enter(dp->group, BUCKET_NONE, 0);
	etharp_input(p, &dp->netif);
	lwip_leave(dp->group);
}

/* ---- Time ---- */

static void begin_pass(struct fgroup *g, uint64_t now)
{
	g->slow = now >= g->tick_us;
	for (; now >= g->tick_us; g->tick_us += TICK_US)
		g->clock.ticks++;
	g->clock.pass += 2; /* one for the fast timers, one for the slow */
	g->pass_us = now + PASS_US;
	g->cursor = 0;
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

	if (!g->active[bucket] && !g->time_wait[bucket])
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

static void age_arp(struct dp *dp)
{
	if (dp->now_us < dp->arp_us)
		return;
	uint64_t missed = dp->now_us - dp->arp_us;
	if (missed > ARP_FORGOTTEN_US) /* or it has just begun */
		dp->arp_us = dp->now_us - ARP_FORGOTTEN_US;
	lwip_enter(dp->group, BUCKET_NONE, 0);
	for (; dp->arp_us <= dp->now_us; dp->arp_us += ARP_US)
		etharp_tmr();
	lwip_leave(dp->group);
}

void stack_timers(struct dp *dp)
{
	struct fgroup *g = dp->group;

	age_arp(dp);
	if (g->cursor == NBUCKETS && dp->now_us >= g->pass_us)
		begin_pass(g, dp->now_us);
	for (int n = 0; n < SLICE && g->cursor < NBUCKETS; n++)
		pass_over(g, g->cursor++);
}

/* With nobody to talk to, nothing. What ages meanwhile ages at once when there is somebody again. */
uint64_t stack_due_us(const struct dp *dp)
{
	const struct fgroup *g = dp->group;

	if (g->cursor < NBUCKETS)
		return 0;
	if (g->flows.nused)
		return MIN(g->pass_us, dp->arp_us);
	return dp->udp.nbound ? dp->arp_us : NEVER_US;
}

void stack_shed(struct dp *dp)
{
	struct fgroup *g = dp->group;

	for (int n = 0; n < SLICE && dp->bufs.count[BUF_STACK]; n++) {
		g->shed_cursor = (g->shed_cursor + 1) % NBUCKETS;
		for (struct tcp_pcb *pcb = g->active[g->shed_cursor]; pcb; pcb = pcb->next) {
			if (pcb->ooseq)
				tcp_free_ooseq(pcb);
		}
	}
}

void stack_init(struct dp *dp)
{
	lwip_enter(dp->group, BUCKET_NONE, 0);
	lwip_init();
	u8_t id = tcp_ext_arg_alloc_id();
	RULE(id == EXT_ID);
	(void)id;
	netif_attach(dp);
	lwip_leave(dp->group);
}
