/* SPDX-License-Identifier: MIT */
/* lwIP on behalf of the program's calls. The contract is tcp.h; the rules named here are those of tcp.c. */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

enum {
	PORT_TRIES = 512,
	TRIES_AT_ONCE = 256, /* before a look at what other CPUs wait for */
	CAUTIOUS_MSS = 536, /* RFC 1122, 4.2.2.6 */
};

void stack_listen(struct dp *dp, struct door *d, int slot, const struct listener *l)
{
	struct tcp_pcb *lpcb = NULL;

	lwip_enter(&dp->own, BUCKET_NONE, 0);
	struct tcp_pcb *pcb = tcp_new();
	if (pcb && tcp_bind(pcb, IP4_ADDR_ANY, l->port) == ERR_OK)
		lpcb = tcp_listen_with_backlog(pcb, l->backlog);
	if (lpcb) {
		tcp_arg(lpcb, d);
		tcp_accept(lpcb, on_knock);
		tcp_ext_arg_set(lpcb, EXT_ID, d);
		tcp_ext_arg_set_callbacks(lpcb, EXT_ID, &door_callbacks);
	} else if (pcb) {
		tcp_close(pcb);
	}
	lwip_leave(&dp->own);
	*d = (struct door){ (struct tcp_pcb_listen *)lpcb, &dp->plane->listeners[slot], l->gen, dp };
}

static void forget_listener(struct tcp_pcb *list, const struct tcp_pcb_listen *lpcb)
{
	for (struct tcp_pcb *pcb = list; pcb; pcb = pcb->next) {
		if (pcb->listener == lpcb)
			pcb->listener = NULL;
	}
}

static void forget_in_group(struct fgroup *g, const struct tcp_pcb_listen *lpcb)
{
	for (uint32_t i = 0; g->flows.nused && i < g->nbuckets; i++) {
		forget_listener(g->buckets[i].active, lpcb);
		forget_listener(g->buckets[i].time_wait, lpcb);
	}
}

/* Rule 5. A handshake that is not done yet ends with RST. */
void stack_unlisten(struct dp *dp, struct door *d)
{
	for (struct link *at = dp->groups.next; at != &dp->groups; at = at->next)
		forget_in_group(group_at(at), d->pcb);
	lwip_enter(&dp->own, BUCKET_NONE, 0);
	tcp_close((struct tcp_pcb *)d->pcb);
	lwip_leave(&dp->own);
	d->pcb = NULL;
}

static bool is_taken(const struct fgroup *g, const struct tuple *t)
{
	const struct bucket *b = &g->buckets[fgroup_bucket(g, t)];
	struct listener l;

	return pcb_find(b->active, t) || pcb_find(b->time_wait, t) || listener_on_port(g->owner->plane, t->lport, &l) >= 0;
}

/* Who owns few groups must look further for a port whose answers come to one of them. */
static uint32_t port_tries(const struct dp *dp)
{
	uint32_t tries = dp->ngroups ? PORT_TRIES * dp->plane->ngroups / dp->ngroups : 0;

	return MIN(tries, (uint32_t)DYNAMIC_PORTS);
}

/* Rule 4. */
struct fgroup *stack_port_for(struct dp *dp, struct tuple *t)
{
	for (uint32_t i = port_tries(dp); i > 0; i--) {
		if (i % TRIES_AT_ONCE == 0)
			mail_poll();
		t->lport = dp->next_port;
		dp->next_port = 65536 - DYNAMIC_PORTS + (dp->next_port + 1) % DYNAMIC_PORTS;
		struct fgroup *g = group_of_tuple(dp->plane, t);
		if (g->owner == dp && !is_taken(g, t))
			return g;
	}
	return NULL;
}

static struct tcp_pcb *connecting_pcb(struct flow *f, const struct tuple *t)
{
	ip_addr_t to = { t->rip };
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb)
		return NULL;
	pcb->local_ip.addr = t->lip;
	pcb->local_port = t->lport;
	pcb_set_callbacks(pcb);
	tcp_arg(pcb, f);
	if (tcp_connect(pcb, &to, t->rport, on_connected) == ERR_OK)
		return pcb;
	tcp_err(pcb, NULL);
	tcp_abort(pcb);
	return NULL;
}

struct flow *stack_connect(struct fgroup *g, const struct tuple *t)
{
	struct flow *f = flow_alloc(&g->flows, FLOW_CONNECTING);
	if (!f)
		return NULL;

	f->g = g;
	f->flags = FLOW_TOLD;
	f->tuple = *t;
	f->bucket = fgroup_bucket(g, t);
	lwip_enter(g, f->bucket, -E_ABORTED);
	struct tcp_pcb *pcb = connecting_pcb(f, t);
	if (pcb)
		flow_adopt(f, pcb);
	lwip_leave(g);
	if (pcb)
		return f;
	flow_release(&g->flows, f);
	return NULL;
}

void stack_accept(struct flow *f)
{
	lwip_enter(f->g, f->bucket, 0);
	tcp_backlog_accepted(f->pcb);
	lwip_leave(f->g);
}

/*
 * lwIP's segments are at most half of the largest window that the peer has offered. For a peer that has offered none it
 * would make full ones, and reckon wrongly with them when the first window turns out to be small.
 */
static void assume_a_window(struct tcp_pcb *pcb)
{
	if (pcb->snd_wnd_max < 2)
		pcb->snd_wnd_max = 2 * MIN(pcb->mss, CAUTIOUS_MSS);
}

/*
 * How much of `len` bytes lwIP would surely take: each segment needs two links of its queue, and the first
 * one more.
 */
static uint32_t room_for(const struct tcp_pcb *pcb, uint32_t len)
{
	uint32_t mss = MIN((uint32_t)pcb->mss, (uint32_t)pcb->snd_wnd_max / 2);
	uint32_t links = pcb->snd_queuelen < TCP_SND_QUEUELEN ? TCP_SND_QUEUELEN - pcb->snd_queuelen : 0;
	uint32_t segments = links ? (links - 1) / 2 : 0;

	if (!mss)
		mss = MIN(pcb->mss, CAUTIOUS_MSS);
	return MIN(len, MIN((uint32_t)tcp_sndbuf(pcb), segments * mss));
}

uint32_t stack_window(const struct flow *f) { return f->pcb ? room_for(f->pcb, TCP_SND_BUF) : 0; }

uint32_t stack_write(struct flow *f, const void *bytes, uint32_t len, bool more)
{
	struct fgroup *g = f->g;

	assume_a_window(f->pcb);
	uint32_t n = room_for(f->pcb, len);

	if (!n)
		return 0;
	lwip_enter(g, f->bucket, -E_ABORTED);
	err_t err = tcp_write(f->pcb, bytes, n, more && n == len ? TCP_WRITE_FLAG_MORE : 0);
	lwip_leave(g);
	RULE(err == ERR_OK);
	return err == ERR_OK ? n : 0;
}

void stack_push(struct flow *f)
{
	lwip_enter(f->g, f->bucket, -E_ABORTED);
	tcp_output(f->pcb);
	lwip_leave(f->g);
}

static void give_back(struct tcp_pcb *pcb, uint32_t bytes)
{
	for (; bytes; bytes -= MIN(bytes, 0xffffu))
		tcp_recved(pcb, MIN(bytes, 0xffffu));
}

void stack_recved(struct flow *f, uint32_t bytes)
{
	lwip_enter(f->g, f->bucket, -E_ABORTED);
	give_back(f->pcb, bytes);
	lwip_leave(f->g);
}

void stack_shutdown(struct flow *f)
{
	lwip_enter(f->g, f->bucket, -E_ABORTED);
	tcp_shutdown(f->pcb, 0, 1);
	lwip_leave(f->g);
}

/* Rule 9. */
void stack_close(struct flow *f)
{
	lwip_enter(f->g, f->bucket, -E_ABORTED);
	give_back(f->pcb, TCP_WND_MAX(f->pcb) - f->pcb->rcv_wnd);
	tcp_close(f->pcb);
	lwip_leave(f->g);
}

void stack_abort(struct flow *f)
{
	lwip_enter(f->g, f->bucket, -E_ABORTED);
	tcp_abort(f->pcb);
	lwip_leave(f->g);
}

static void abort_group(struct fgroup *g)
{
	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (f && f->pcb)
			stack_abort(f);
	}
}

void stack_abort_all(struct dp *dp)
{
	for (int i = 0; i < NLISTENERS; i++) {
		if (dp->doors[i].pcb)
			stack_unlisten(dp, &dp->doors[i]);
	}
	for (struct link *at = dp->groups.next; at != &dp->groups; at = at->next)
		abort_group(group_at(at));
}
