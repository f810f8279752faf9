/* SPDX-License-Identifier: MIT */
/*
 * UDP ports. A datagram that arrives is lent to the program in its receive buffer, one event each; one that is sent
 * is read by the NIC where it lies, and `sent` is told when no descriptor can read it any more. lwIP has no part
 * in it but to find the next hop and to put the IP header in front.
 */
#ifndef JOS_KERN_DP_UDP_H
#define JOS_KERN_DP_UDP_H

#include <inc/ix.h>

#include <kern/dp/list.h>
#include <kern/dp/loan.h>

struct buf;
struct dp;

enum {
	NUDP = 64,
	UDP_QUEUE_MAX = 256,     /* datagrams that wait to be told */
	UDP_INDEX = 0x400000,    /* this bit of a handle's index: a UDP port's */
};

enum udp_state { UDP_FREE, UDP_BOUND, UDP_CLOSING }; /* closing: until the NIC has read what was sent */

struct udp_port {
	struct link pending;     /* it has something to tell, or closes; or alone */
	uint8_t state;
	uint16_t port;
	uint32_t gen;
	uint32_t cookie;

	struct buf *rx_first, *rx_last; /* not told yet */
	uint32_t nqueued;

	/* Bytes of datagrams given to the NIC: as in struct flow. */
	uint32_t tx_ready, tx_wait, tx_next;
	uint32_t stamp_wait, stamp_next;
	uint32_t tx_written, tx_done;
	struct loans loans;
};

struct udp_ports {
	struct udp_port port[NUDP];
	struct link pending;
	uint32_t nbound;
};

/* In network and host byte order, as in struct tuple. */
struct udp_peer {
	uint32_t ip;
	uint16_t port;
};

void uport_init(struct dp *dp);
struct udp_port *uport_on_port(struct dp *dp, uint16_t port);
struct udp_port *uport_find(struct dp *dp, ix_handle_t handle);
struct udp_port *uport_slot(struct dp *dp); /* a free one, or NULL */
ix_handle_t uport_handle(const struct dp *dp, const struct udp_port *u);

void uport_open(struct dp *dp, struct udp_port *u, uint16_t port, uint32_t cookie);
void uport_close(struct dp *dp, struct udp_port *u);
static inline bool uport_has_room(const struct udp_port *u) { return u->nqueued < UDP_QUEUE_MAX; }
void uport_take(struct dp *dp, struct udp_port *u, struct buf *b);                 /* payload at off, len */
struct buf *uport_lent(struct dp *dp, const struct udp_port *u, uint32_t va);      /* or NULL */
/* Checked pieces, at most IX_UDP_MAX bytes. Bytes, or -E_NO_MEM, -E_AGAIN: the ring is full, -E_FAULT. */
int uport_send(struct dp *dp, struct udp_port *u, const struct ix_sg *sg, uint32_t n, const struct udp_peer *to);

void uport_tell(struct dp *dp);      /* events, as far as there is room; closing ports end */
void uport_close_all(struct dp *dp);
void uport_end_all(struct dp *dp);   /* the NIC has read what they sent, or never will */

/* Between udp.c, udp_send.c and udp_event.c. */
void uport_pend(struct dp *dp, struct udp_port *u); /* it has something to tell */
void uport_end(struct dp *dp, struct udp_port *u);  /* it is free again, and so are its buffers and what was lent */

#endif
