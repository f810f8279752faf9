/* SPDX-License-Identifier: MIT */
/* What UDP ports tell the program: datagrams that came, and bytes that the NIC has read. The contract is udp.h. */
#include <inc/string.h>

#include <kern/dp/dataplane.h>

#include "lwip/prot/udp.h"

enum { IP_SOURCE_AT = 14 + 12 }; /* in a frame */

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
		uport_end(dp, u);
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
	list_append_all(&dp->udp.pending, &again);
}
