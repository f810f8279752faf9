/* SPDX-License-Identifier: MIT */
/* UDP ports. The contract is udp.h. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/dp/sg.h>
#include <kern/dp/tcp.h>

#include "lwip/prot/ip.h"
#include "lwip/prot/udp.h"

enum { IP_SOURCE_AT = 14 + 12 }; /* in a frame */

void uport_init(struct dp *dp)
{
	dp->udp.nbound = 0;
	link_init(&dp->udp.pending);
	for (int i = 0; i < NUDP; i++) {
		dp->udp.port[i].gen++;
		link_init(&dp->udp.port[i].pending);
	}
}

/* ---- Ports and handles ---- */

struct udp_port *uport_on_port(struct dp *dp, uint16_t port)
{
	for (int i = 0; dp->udp.nbound && i < NUDP; i++) {
		struct udp_port *u = &dp->udp.port[i];
		if (u->state == UDP_BOUND && u->port == port)
			return u;
	}
	return NULL;
}

struct udp_port *uport_find(struct dp *dp, ix_handle_t handle)
{
	OWN_CPU(dp);
	uint32_t i = IX_HANDLE_INDEX(handle) ^ UDP_INDEX;

	if (IX_HANDLE_GROUP(handle) != dp->thread || i >= NUDP)
		return NULL;
	struct udp_port *u = &dp->udp.port[i];
	return u->state == UDP_BOUND && u->gen == IX_HANDLE_GEN(handle) ? u : NULL;
}

struct udp_port *uport_slot(struct dp *dp)
{
	for (int i = 0; i < NUDP; i++) {
		if (dp->udp.port[i].state == UDP_FREE)
			return &dp->udp.port[i];
	}
	return NULL;
}

ix_handle_t uport_handle(const struct dp *dp, const struct udp_port *u)
{
	return IX_HANDLE(u->gen, dp->thread, UDP_INDEX | (u - dp->udp.port));
}

void uport_open(struct dp *dp, struct udp_port *u, uint16_t port, uint32_t cookie)
{
	uint32_t gen = u->gen + 1 ? u->gen + 1 : 1;

	*u = (struct udp_port){ .state = UDP_BOUND, .port = port, .cookie = cookie, .gen = gen };
	link_init(&u->pending);
	dp->udp.nbound++;
}

static void pend(struct dp *dp, struct udp_port *u)
{
	if (link_alone(&u->pending))
		list_append(&dp->udp.pending, &u->pending);
}

void uport_close(struct dp *dp, struct udp_port *u)
{
	u->state = UDP_CLOSING;
	u->stamp_wait = dp->q->tx_tail;
	dp->udp.nbound--;
	pend(dp, u);
}

/* All its buffers: those that wait, and those that the program did not give back. */
static void end_port(struct dp *dp, struct udp_port *u)
{
	for (uint32_t i = 0; i < dp->bufs.set->nsupers * BUFS_PER_SUPER; i++) {
		struct buf *b = buf_at(dp->bufs.set, i);
		if (b->pool == &dp->bufs && b->udp == u && (b->state == BUF_APP || b->state == BUF_STACK))
			buf_put(b);
	}
	loans_end_all(&dp->own, &u->loans);
	u->state = UDP_FREE;
}

void uport_close_all(struct dp *dp)
{
	for (int i = 0; i < NUDP; i++) {
		if (dp->udp.port[i].state == UDP_BOUND)
			uport_close(dp, &dp->udp.port[i]);
	}
}

void uport_end_all(struct dp *dp)
{
	for (int i = 0; i < NUDP; i++) {
		if (dp->udp.port[i].state != UDP_FREE)
			end_port(dp, &dp->udp.port[i]);
	}
}

/* ---- In ---- */

void uport_take(struct dp *dp, struct udp_port *u, struct buf *b)
{
	b->udp = u;
	b->next = NULL;
	*(u->rx_first ? &u->rx_last->next : &u->rx_first) = b;
	u->rx_last = b;
	u->nqueued++;
	dp->stat.udp_received++;
	pend(dp, u);
}

struct buf *uport_lent(struct dp *dp, const struct udp_port *u, uint32_t va)
{
	struct buf *b = buf_named(&dp->bufs, va);

	return b && b->state == BUF_APP && b->udp == u ? b : NULL;
}

/* ---- Out ---- */

/* The pieces' bytes where they lie. PBUF_REF: lwIP copies them should the packet have to wait for an address. */
static int gather(struct dp *dp, const struct ix_sg *sg, struct pbuf *header, struct loans *loans)
{
	for (uint32_t done = 0; done < sg->len;) {
		struct stretch st = sg_stretch(dp, sg->base + done, sg->len - done);
		if (!st.base)
			return -E_FAULT;
		struct pbuf *p = pbuf_alloc(PBUF_RAW, st.len, PBUF_REF);
		if (!p)
			return -E_NO_MEM;
		p->payload = (void *)(uintptr_t)st.base;
		pbuf_cat(header, p);
		if (st.page) {
			struct loan *l = loan_make(&dp->own, st.page);
			if (!l)
				return -E_NO_MEM;
			loan_add(loans, l, 0);
		}
		done += st.len;
	}
	return 0;
}

static int build(struct dp *dp, const struct ix_sg *sg, uint32_t n, struct pbuf *header, struct loans *loans)
{
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++)
		r = gather(dp, &sg[i], header, loans);
	return r;
}

static void fill_header(struct pbuf *p, uint16_t from, uint16_t to)
{
	*(struct udp_hdr *)p->payload = (struct udp_hdr){
		.src = __builtin_bswap16(from),
		.dest = __builtin_bswap16(to),
		.len = __builtin_bswap16(p->tot_len),
	};
}

/* What was lent for this datagram lasts until the NIC has read it. */
static void note_sent(struct dp *dp, struct udp_port *u, uint32_t bytes, struct loans *loans)
{
	u->tx_written += bytes;
	while (loans->first) {
		struct loan *l = loans->first;
		loans->first = l->next;
		l->next = NULL;
		loan_add(&u->loans, l, u->tx_written);
	}
	if (u->tx_wait) {
		u->tx_next += bytes;
		u->stamp_next = dp->q->tx_tail;
	} else {
		u->tx_wait = bytes;
		u->stamp_wait = dp->q->tx_tail;
	}
	dp->stat.udp_sent++;
	pend(dp, u);
}

int uport_send(struct dp *dp, struct udp_port *u, const struct ix_sg *sg, uint32_t n, const struct udp_peer *to)
{
	struct loans loans = { NULL, NULL };

	stack_use_memory(dp);
	struct pbuf *p = pbuf_alloc(PBUF_IP, UDP_HLEN, PBUF_RAM);
	if (!p)
		return -E_NO_MEM;
	int r = build(dp, sg, n, p, &loans);
	uint32_t bytes = p->tot_len - UDP_HLEN;
	if (r == 0) {
		fill_header(p, u->port, to->port);
		r = stack_output(dp, p, to->ip, IP_PROTO_UDP) ? (int)bytes : -E_AGAIN;
	}
	pbuf_free(p);
	if (r < 0)
		loans_end_all(&dp->own, &loans);
	else
		note_sent(dp, u, bytes, &loans);
	return r;
}

/* ---- Events ---- */

static struct ix_event *event_of(struct dp *dp, const struct udp_port *u, enum ix_ev type)
{
	struct ix_event *ev = event_slot(dp);

	if (ev) {
		ev->type = type;
		ev->cookie = u->cookie;
		ev->handle = uport_handle(dp, u);
	}
	return ev;
}

/* The sender is in the headers in front of the payload. */
static void describe(struct ix_event *ev, const struct buf *b, uint16_t local_port)
{
	const uint8_t *bytes = buf_bytes(b), *udp = bytes + b->off - UDP_HLEN;
	uint32_t ip;

	memcpy(&ip, bytes + IP_SOURCE_AT, sizeof(ip));
	ev->udp_recv.addr = buf_user(b) + b->off;
	ev->udp_recv.len = b->len;
	ev->udp_recv.ip = __builtin_bswap32(ip);
	ev->udp_recv.port = udp[0] << 8 | udp[1];
	ev->udp_recv.local_port = local_port;
}

static bool tell_received(struct dp *dp, struct udp_port *u)
{
	while (u->rx_first) {
		struct ix_event *ev = event_of(dp, u, IX_EV_UDP_RECV);
		if (!ev)
			return false;
		struct buf *b = u->rx_first;
		u->rx_first = b->next;
		u->nqueued--;
		b->next = NULL;
		buf_move(b, BUF_APP);
		describe(ev, b, u->port);
	}
	return true;
}

static void ripen(struct udp_port *u, uint32_t head)
{
	while (u->tx_wait && ring_passed(head, u->stamp_wait)) {
		u->tx_ready += u->tx_wait;
		u->tx_wait = u->tx_next;
		u->stamp_wait = u->stamp_next;
		u->tx_next = 0;
	}
}

static bool tell_sent(struct dp *dp, struct udp_port *u)
{
	ripen(u, dp->q->tx_head);
	if (!u->tx_ready)
		return true;
	struct ix_event *ev = event_of(dp, u, IX_EV_UDP_SENT);
	if (!ev)
		return false;
	ev->udp_sent.bytes = u->tx_ready;
	u->tx_done += u->tx_ready;
	u->tx_ready = 0;
	loans_end(&dp->own, &u->loans, u->tx_done);
	return true;
}

/* False: the array is full. */
static bool tell(struct dp *dp, struct udp_port *u)
{
	if (u->state == UDP_BOUND)
		return tell_received(dp, u) && tell_sent(dp, u);
	if (ring_passed(dp->q->tx_head, u->stamp_wait))
		end_port(dp, u);
	return true;
}

static bool waits_for_nic(const struct udp_port *u)
{
	return u->state == UDP_CLOSING || (u->state == UDP_BOUND && u->tx_wait);
}

void uport_tell(struct dp *dp)
{
	struct link again;

	link_init(&again);
	while (!link_alone(&dp->udp.pending)) {
		struct udp_port *u = container_of(dp->udp.pending.next, struct udp_port, pending);
		link_take(&u->pending);
		if (!tell(dp, u)) {
			list_push(&dp->udp.pending, &u->pending);
			break;
		}
		if (waits_for_nic(u))
			list_append(&again, &u->pending);
	}
	while (!link_alone(&again)) {
		struct link *l = again.next;
		link_take(l);
		list_append(&dp->udp.pending, l);
	}
}
