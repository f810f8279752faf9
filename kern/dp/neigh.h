/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: which Ethernet address an IPv4 address of our network has (ARP, RFC 826). One table for all CPUs of a
 * dataplane, in place of lwIP's: answers arrive at queue 0 only, and its CPU alone writes. The others read each entry under
 * its sequence number. The network has 8 bits for hosts, so an address's last byte is its place.
 *
 * A CPU that needs an address asks for it by itself, and keeps what is to go there meanwhile; the writer tells all when it
 * has learned a new one.
 */
#ifndef JOS_KERN_DP_NEIGH_H
#define JOS_KERN_DP_NEIGH_H

#include <inc/types.h>

enum {
	NEIGH_HOSTS = 256,
	NEIGH_KEPT = 64,               /* frames that one CPU keeps at a time */
	NETMASK = 0x00ffffff,          /* 255.255.255.0, in network byte order */
};

struct dp;
struct pbuf;

struct neighbour {
	volatile uint32_t seq;         /* odd: being written */
	bool known;
	uint8_t mac[6];
	uint64_t since_us;             /* the writer's: when it was learned */
};

struct neighbours {
	struct neighbour of[NEIGH_HOSTS];
};

/* One CPU's own: what it waits for. */
struct neigh_wait {
	struct { struct pbuf *frame; uint8_t host, tries; } kept[NEIGH_KEPT]; /* the first nkept, oldest first */
	uint32_t nkept;
	uint64_t tick_us;              /* when it asks again, and the writer looks for old entries */
};

/* An ARP packet, 28 bytes; on queue 0's CPU, who alone gets them. False: it is none that makes sense here. */
bool neigh_input(struct dp *dp, const uint8_t *arp);
/* Send an IP packet with room for an Ethernet header in front, now or when the next hop's address is known. An err_t. */
int neigh_output(struct dp *dp, struct pbuf *p, uint32_t to);
void neigh_announce(struct dp *dp);    /* our own address to everybody */
void neigh_flush(struct dp *dp);       /* addresses may have become known: send what was kept for them */
void neigh_forget(struct dp *dp);      /* all that was kept */
void neigh_tick(struct dp *dp);        /* from time to time */

/* netif.c: a frame to send, from the IP or ARP header on. `to`: its receiver. An err_t; p stays the caller's. */
int frame_output(struct dp *dp, struct pbuf *p, const uint8_t *to, uint16_t type);

#endif
