/* SPDX-License-Identifier: MIT */
/* UDP ports: their handles, their beginning and end, and what arrives for them. The contract is udp.h. */
#include <kern/dp/dataplane.h>

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

void uport_pend(struct dp *dp, struct udp_port *u)
{
	if (link_alone(&u->pending))
		list_append(&dp->udp.pending, &u->pending);
}

void uport_close(struct dp *dp, struct udp_port *u)
{
	u->state = UDP_CLOSING;
	u->stamp_wait = dp->q->tx_tail;
	dp->udp.nbound--;
	uport_pend(dp, u);
}

/* All its buffers: those that wait, and those that the program did not give back. */
void uport_end(struct dp *dp, struct udp_port *u)
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
			uport_end(dp, &dp->udp.port[i]);
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
	uport_pend(dp, u);
}

struct buf *uport_lent(struct dp *dp, const struct udp_port *u, uint32_t va)
{
	struct buf *b = buf_named(&dp->bufs, va);

	return b && b->state == BUF_APP && b->udp == u ? b : NULL;
}
