/* SPDX-License-Identifier: MIT */
/*
 * The one module around lwIP. Contract: tcp.h. What lwIP needs to be right when used like this:
 *
 *  1. Its list heads are those of one bucket. enter() sets them, leave() takes them back, and nothing that adds or
 *     removes a PCB happens outside: from the wrong list, a PCB is freed but stays linked.
 *  2. Its two tick counters are set at each entry and for each bucket of a timer pass. Advanced per bucket, as it
 *     would itself, no PCB's retransmission timer ever fires.
 *  3. It never runs out of memory half-way: who begins something new has seen that the slab is not dry. Else it
 *     would kill other flows of the bucket.
 *  4. Local ports are chosen here; it would search one bucket only.
 *  5. A listener is closed after all PCBs have forgotten it; it would look in one bucket only.
 *  6. Callbacks note what happened in the flow, pend it, and do nothing else; so none frees a PCB that lwIP is using.
 *  7. TIME_WAIT yields to a newer connection between the same ends, and to want of memory; it would answer wrongly,
 *     or search one bucket.
 *  8. A flow in LAST_ACK ends by acknowledgement or by retransmitting in vain, not after 2 MSL of silence: its peer
 *     may be slow to read.
 *  9. Received bytes are given back before a flow is closed, or it would send RST instead of FIN.
 *
 * Where a PCB dies without an error callback, the destroy callback of its extra argument still tells us.
 */
#include <inc/error.h>

#include <kern/dp/tcp.h>

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

enum {
	EXT_ID = 0,
	PASS_US = 250000,
	TICK_US = 500000,
	ARP_US = 1000000,
	SLICE = 128,            /* buckets of a timer pass in one cycle */
	DYNAMIC_PORTS = 16384,  /* 49152 to 65535 */
	PORT_TRIES = 512,
};

static const struct tcp_ext_arg_callbacks pcb_callbacks;

/* ---- Entering lwIP ---- */

static void enter(struct fgroup *g, uint32_t bucket, int abort_reason)
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

static void leave(struct fgroup *g)
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

static struct tcp_pcb *find(struct tcp_pcb *list, const struct tuple *t)
{
	while (list && !(list->remote_port == t->rport && list->local_port == t->lport &&
			 list->remote_ip.addr == t->rip && list->local_ip.addr == t->lip))
		list = list->next;
	return list;
}

/* ---- What lwIP tells us ---- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct flow *f = arg;

	(void)pcb, (void)err;
	if (!p)
		f->flags |= FLOW_FIN_IN;
	while (p) {
		struct pbuf *rest = p->next;
		struct buf *b = (struct buf *)p;
		RULE(p->ref == 1 && (p->flags & PBUF_FLAG_IS_CUSTOM));
		p->next = NULL;
		b->off = (uint8_t *)p->payload - buf_bytes(b);
		b->len = p->len;
		flow_take(f, b);
		p = rest;
	}
	flow_pend(f);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct flow *f = arg;
	const struct netq *q = f->g->owner->q;

	(void)pcb;
	flow_acked(f, len, q->tx_head, q->tx_tail);
	flow_pend(f);
	return ERR_OK;
}

static int32_t reason_of(const struct flow *f, err_t err)
{
	if (err == ERR_RST)
		return f->state == FLOW_CONNECTING ? -E_REFUSED : -E_RESET;
	return err == ERR_ABRT ? f->g->abort_reason : 0;
}

static void on_error(void *arg, err_t err)
{
	struct flow *f = arg;

	f->reason = reason_of(f, err);
	flow_pend(f);
}

static void flow_end(struct flow *f)
{
	f->flags |= FLOW_ENDED;
	f->stamp_end = f->g->owner->q->tx_tail;
	flow_pend(f);
}

/* The PCB is about to be freed, for whatever cause. One that waits in TIME_WAIT has ended before. */
static void on_destroy(u8_t id, void *arg)
{
	struct flow *f = arg;

	(void)id;
	if (!f) /* a listener's */
		return;
	if (!link_alone(&f->waiting)) {
		link_take(&f->waiting);
		f->g->nwaiting--;
	}
	f->pcb = NULL;
	if (f->flags & FLOW_ENDED)
		flow_pend(f);
	else
		flow_end(f);
}

static void adopt(struct flow *f, struct tcp_pcb *pcb)
{
	f->pcb = pcb;
	tcp_arg(pcb, f);
	tcp_ext_arg_set(pcb, EXT_ID, f);
	tcp_ext_arg_set_callbacks(pcb, EXT_ID, &pcb_callbacks);
	f->g->owner->stat.flows_opened++;
}

static void set_callbacks(struct tcp_pcb *pcb)
{
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb); /* the program batches */
}

/* A SYN came for a listener: the new PCB gets its flow now, so that nothing can fail later. */
static err_t on_syn(u8_t id, struct tcp_pcb_listen *lpcb, struct tcp_pcb *pcb)
{
	struct listener *l = lpcb->callback_arg;
	struct flow *f = flow_alloc(&l->g->flows);

	(void)id;
	if (!f)
		return ERR_MEM;
	f->g = l->g;
	f->state = FLOW_HALF;
	f->cookie = l->cookie;
	f->bucket = l->g->bucket;
	f->tuple = (struct tuple){ pcb->local_ip.addr, pcb->remote_ip.addr, pcb->local_port, pcb->remote_port };
	adopt(f, pcb);
	return ERR_OK;
}

static const struct tcp_ext_arg_callbacks pcb_callbacks = { .destroy = on_destroy, .passive_open = on_syn };

/* The handshake is done. The flow goes on counting against the backlog until the program accepts it. */
static err_t on_knock(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct flow *f = arg;

	(void)err;
	if (!pcb)
		return ERR_OK;
	f->state = FLOW_KNOCKING;
	set_callbacks(pcb);
	tcp_backlog_delayed(pcb);
	flow_pend(f);
	return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct flow *f = arg;

	(void)pcb, (void)err;
	f->state = FLOW_OPEN;
	f->flags |= FLOW_CONNECTED;
	flow_pend(f);
	return ERR_OK;
}

/* ---- Segments ---- */

static void end_time_wait(struct flow *f)
{
	struct fgroup *g = f->g;

	enter(g, f->bucket, 0);
	tcp_abort(f->pcb); /* in TIME_WAIT this sends nothing */
	leave(g);
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

/* Rules 3 and 7. May this SYN go on to lwIP? It may where lwIP will only answer it. */
static bool admit(struct fgroup *g, uint32_t bucket, const struct segment *seg)
{
	struct tcp_pcb *old = find(g->time_wait[bucket], &seg->tuple);

	if (old && TCP_SEQ_GT(seg->seq, old->rcv_nxt)) {
		g->owner->stat.timewait_reused++;
		end_time_wait(old->callback_arg);
	} else if (old || find(g->active[bucket], &seg->tuple)) {
		return true;
	}
	struct listener *l = listener_on_port(g, seg->tuple.lport);
	if (!l)
		return true;
	if (l->pcb->accepts_pending >= l->pcb->backlog) {
		g->owner->stat.drop_backlog++;
		return false;
	}
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
	enter(g, bucket, -E_RESET);
	const struct tcp_pcb *before = tcp_tw_pcbs;
	ip4_input(p, &dp->netif);
	note_time_wait(g, before);
	leave(g);
}

void stack_packet(struct dp *dp, struct pbuf *p)
{
	enter(dp->group, BUCKET_NONE, 0);
	ip4_input(p, &dp->netif);
	leave(dp->group);
}

void stack_arp(struct dp *dp, struct pbuf *p)
{
	enter(dp->group, BUCKET_NONE, 0);
	etharp_input(p, &dp->netif);
	leave(dp->group);
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

/* Rule 8; and a PCB whose only unsent byte went out as a probe must leave the persist state, which lwIP forgets. */
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
	enter(g, bucket, -E_TIMED_OUT);
	lwip_clock_set(&fast);
	tcp_fasttmr();
	if (g->slow) {
		prepare_slow(g, tcp_active_pcbs);
		lwip_clock_set(&slow);
		tcp_slowtmr();
	}
	leave(g);
}

static void age_arp(struct dp *dp)
{
	if (dp->now_us < dp->arp_us)
		return;
	dp->arp_us = dp->now_us + ARP_US;
	enter(dp->group, BUCKET_NONE, 0);
	etharp_tmr();
	leave(dp->group);
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

/* ---- The program's calls ---- */

int stack_listen(struct listener *l, uint16_t port, uint8_t backlog, uint32_t cookie)
{
	struct fgroup *g = l->g;
	struct tcp_pcb *lpcb = NULL;

	enter(g, BUCKET_NONE, 0);
	struct tcp_pcb *pcb = tcp_new();
	if (pcb && tcp_bind(pcb, IP4_ADDR_ANY, port) == ERR_OK)
		lpcb = tcp_listen_with_backlog(pcb, backlog);
	if (lpcb) {
		tcp_arg(lpcb, l);
		tcp_accept(lpcb, on_knock);
		tcp_ext_arg_set(lpcb, EXT_ID, NULL);
		tcp_ext_arg_set_callbacks(lpcb, EXT_ID, &pcb_callbacks);
	} else if (pcb) {
		tcp_close(pcb);
	}
	leave(g);
	if (!lpcb)
		return -E_NO_MEM;
	l->pcb = (struct tcp_pcb_listen *)lpcb;
	l->port = port;
	l->cookie = cookie;
	g->nlisteners++;
	return 0;
}

static void forget_listener(struct tcp_pcb *list, const struct tcp_pcb_listen *lpcb)
{
	for (struct tcp_pcb *pcb = list; pcb; pcb = pcb->next) {
		if (pcb->listener == lpcb)
			pcb->listener = NULL;
	}
}

/* Rule 5. A handshake that is not done yet ends with RST. */
void stack_unlisten(struct listener *l)
{
	struct fgroup *g = l->g;

	for (uint32_t i = 0; i < NBUCKETS; i++) {
		forget_listener(g->active[i], l->pcb);
		forget_listener(g->time_wait[i], l->pcb);
	}
	enter(g, BUCKET_NONE, 0);
	tcp_close((struct tcp_pcb *)l->pcb);
	leave(g);
	l->pcb = NULL;
	l->gen = l->gen + 1 ? l->gen + 1 : 1;
	g->nlisteners--;
}

/* Rule 4. */
bool stack_port_for(struct fgroup *g, struct tuple *t)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		t->lport = g->next_port;
		g->next_port = 65536 - DYNAMIC_PORTS + (g->next_port + 1) % DYNAMIC_PORTS;
		uint32_t bucket = fgroup_bucket(g, t);
		if (!find(g->active[bucket], t) && !find(g->time_wait[bucket], t) && !listener_on_port(g, t->lport))
			return true;
	}
	return false;
}

static struct tcp_pcb *connecting_pcb(struct flow *f, const struct tuple *t)
{
	ip_addr_t to = { t->rip };
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb)
		return NULL;
	pcb->local_ip.addr = t->lip;
	pcb->local_port = t->lport;
	set_callbacks(pcb);
	tcp_arg(pcb, f);
	if (tcp_connect(pcb, &to, t->rport, on_connected) == ERR_OK)
		return pcb;
	tcp_err(pcb, NULL);
	tcp_abort(pcb);
	return NULL;
}

struct flow *stack_connect(struct fgroup *g, const struct tuple *t)
{
	struct flow *f = flow_alloc(&g->flows);
	if (!f)
		return NULL;

	f->g = g;
	f->state = FLOW_CONNECTING;
	f->flags = FLOW_TOLD;
	f->tuple = *t;
	f->bucket = fgroup_bucket(g, t);
	enter(g, f->bucket, -E_ABORTED);
	struct tcp_pcb *pcb = connecting_pcb(f, t);
	if (pcb)
		adopt(f, pcb);
	leave(g);
	if (pcb)
		return f;
	flow_release(&g->flows, f);
	return NULL;
}

void stack_accept(struct flow *f)
{
	enter(f->g, f->bucket, 0);
	tcp_backlog_accepted(f->pcb);
	leave(f->g);
}

/* How much of `len` bytes lwIP would surely take: each segment needs two links of its queue, and the first one more. */
static uint32_t room_for(const struct tcp_pcb *pcb, uint32_t len)
{
	uint32_t mss = MIN((uint32_t)pcb->mss, (uint32_t)pcb->snd_wnd_max / 2);
	uint32_t links = pcb->snd_queuelen < TCP_SND_QUEUELEN ? TCP_SND_QUEUELEN - pcb->snd_queuelen : 0;
	uint32_t segments = links ? (links - 1) / 2 : 0;

	if (!mss)
		mss = pcb->mss;
	return MIN(len, MIN((uint32_t)tcp_sndbuf(pcb), segments * mss));
}

uint32_t stack_window(const struct flow *f) { return f->pcb ? room_for(f->pcb, TCP_SND_BUF) : 0; }

uint32_t stack_write(struct flow *f, const void *bytes, uint32_t len, bool more)
{
	struct fgroup *g = f->g;
	uint32_t n = room_for(f->pcb, len);

	if (!n)
		return 0;
	enter(g, f->bucket, -E_ABORTED);
	err_t err = tcp_write(f->pcb, bytes, n, more && n == len ? TCP_WRITE_FLAG_MORE : 0);
	leave(g);
	RULE(err == ERR_OK);
	return err == ERR_OK ? n : 0;
}

void stack_push(struct flow *f)
{
	enter(f->g, f->bucket, -E_ABORTED);
	tcp_output(f->pcb);
	leave(f->g);
}

static void give_back(struct tcp_pcb *pcb, uint32_t bytes)
{
	for (; bytes; bytes -= MIN(bytes, 0xffffu))
		tcp_recved(pcb, MIN(bytes, 0xffffu));
}

void stack_recved(struct flow *f, uint32_t bytes)
{
	enter(f->g, f->bucket, -E_ABORTED);
	give_back(f->pcb, bytes);
	leave(f->g);
}

void stack_shutdown(struct flow *f)
{
	enter(f->g, f->bucket, -E_ABORTED);
	tcp_shutdown(f->pcb, 0, 1);
	leave(f->g);
}

/* Rule 9. */
void stack_close(struct flow *f)
{
	enter(f->g, f->bucket, -E_ABORTED);
	give_back(f->pcb, TCP_WND_MAX(f->pcb) - f->pcb->rcv_wnd);
	tcp_close(f->pcb);
	leave(f->g);
}

void stack_abort(struct flow *f)
{
	enter(f->g, f->bucket, -E_ABORTED);
	tcp_abort(f->pcb);
	leave(f->g);
}

void stack_abort_all(struct dp *dp)
{
	struct fgroup *g = dp->group;

	for (int i = 0; i < NLISTENERS; i++) {
		if (g->listeners[i].pcb)
			stack_unlisten(&g->listeners[i]);
	}
	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (f && f->pcb)
			stack_abort(f);
	}
}

void stack_init(struct dp *dp)
{
	enter(dp->group, BUCKET_NONE, 0);
	lwip_init();
	u8_t id = tcp_ext_arg_alloc_id();
	RULE(id == EXT_ID);
	(void)id;
	netif_attach(dp);
	leave(dp->group);
}
