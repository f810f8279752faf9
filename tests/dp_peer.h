/* SPDX-License-Identifier: MIT */
/*
 * The other end of a connection, which does nothing by itself (but answer ARP for everybody). What it sends lies in
 * the NIC's ring until the next cycle; what it is sent is checked, checksums included, when it is taken.
 */
#ifndef TESTS_DP_PEER_H
#define TESTS_DP_PEER_H

#include "dp_world.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { PEER_IP = 0x0a000202, OUR_IP = 0x0a00020f, HEADERS = 54 };

struct peer {
	uint32_t ip;
	uint16_t port, to;   /* its own port, and ours */
	uint32_t seq, ack;   /* what it sends next, what it expects next */
	uint16_t window;
	uint16_t mss;        /* in its SYN; 0: no option */
};

/* A segment of ours, as it came to the wire. */
struct seg {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, mss;
	uint32_t len;
	const uint8_t *data;
	const struct nic_frame *frame;
};

static inline uint32_t be32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

struct peer peer(uint16_t port, uint16_t to);
struct peer peer_on(int thread, uint16_t from, uint16_t to); /* with the next port whose frames go to that thread now */

/* Frames by hand. The second sends what the first made. */
uint32_t make_segment(uint8_t *frame, const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack,
		      const void *data, uint32_t len);
uint32_t make_datagram(uint8_t *frame, uint16_t from, uint16_t to, const void *text, uint32_t len);
void inject(const void *frame, uint32_t len);
void fix_sums(uint8_t *frame, uint32_t len); /* of the IP header, and of TCP, UDP or ICMP */

void peer_raw(const struct peer *p, uint8_t flags, uint32_t seq, const void *data, uint32_t len);
void peer_send(struct peer *p, uint8_t flags, const void *data, uint32_t len); /* in order: seq goes on */

bool sent_segment(struct seg *s);                   /* the next on the wire, whoever it is for */
bool next_segment(struct seg *s);                   /* the same, but runs cycles if there is none */
struct seg peer_get(struct peer *p, uint8_t flags); /* must be next, in order, with these flags (PSH apart): ack goes on */
void peer_silent(void);                             /* nothing is on the wire, nor after one more cycle */
uint32_t drain(void);                               /* take all that is on the wire; how many segments */

void peer_announces(void);                          /* its MAC address, by asking for ours */

/* Handshakes. */
void peer_opens(struct peer *p);                    /* up to the knock, which is left to be taken */
ix_handle_t peer_accepted(struct peer *p, uint32_t cookie); /* knock and accept, too */
ix_handle_t peer_in_new_world(void **state, struct peer *p, uint16_t port, uint32_t cookie); /* the one flow that there is, idle */
void peer_acks(struct peer *p);                     /* a plain ACK of all it has got */

/* The usual end: both sides close in order, nothing is left but TIME_WAIT here, if we closed first. */
void peer_closes_first(struct peer *p, ix_handle_t h, uint32_t cookie);

#endif
