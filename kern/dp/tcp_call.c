/* SPDX-License-Identifier: MIT */
/* lwIP on behalf of the program's calls. The contract is tcp.h; the rules named here are those of tcp.c. */
#include <inc/error.h>

#include <kern/dp/tcp_priv.h>

enum {
	DYNAMIC_PORTS = 16384, /* 49152 to 65535 */
	PORT_TRIES = 512,
	CAUTIOUS_MSS = 536, /* RFC 1122, 4.2.2.6 */
};

int stack_listen(struct listener *l, uint16_t port, uint8_t backlog, uint32_t cookie)
{
	struct fgroup *g = l->g;
	struct tcp_pcb *lpcb = NULL;

	lwip_enter(g, BUCKET_NONE, 0);
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
	lwip_leave(g);
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
	lwip_enter(g, BUCKET_NONE, 0);
	tcp_close((struct tcp_pcb *)l->pcb);
	lwip_leave(g);
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
		bool taken = pcb_find(g->active[bucket], t) || pcb_find(g->time_wait[bucket], t);
		if (!taken && !listener_on_port(g, t->lport))
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
