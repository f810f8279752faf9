/* SPDX-License-Identifier: MIT */
/*
 * A frame on its way in. Everything that lwIP would drop in silence is checked first, so that each frame is either
 * delivered or counted once:
 *
 *   rx.c       from the NIC's ring, and ARP
 *   rx_ip.c    IPv4, UDP, ICMP             a fragment goes to reass.c, and comes back as a part of the whole
 *   rx_tcp.c   segments, to their group    what was put together here for another CPU's group goes there (exchange.c)
 *   rx_echo.c  pings longer than a frame
 */
#ifndef JOS_KERN_DP_RX_H
#define JOS_KERN_DP_RX_H

#include <kern/dp/dataplane.h>

enum {
	ETH_LEN = 14,
	IP_MIN = 20,
	RX_JOINED = 0x8000, /* in packet.flags: put together from fragments; it may have come to another CPU than its flow's */
};

/* A frame under inspection. */
struct packet {
	struct buf *buf;
	uint8_t *bytes;   /* from the Ethernet header on */
	uint32_t len;
	uint32_t ip_len;  /* of the IP header */
	uint32_t ip_total;
	uint32_t hash;    /* the NIC's, if it made one */
	uint16_t flags;   /* RX_x: RX_CSUM_OK: TCP's and UDP's checksum is right */
};

static inline uint16_t get16(const uint8_t *p) { return p[0] << 8 | p[1]; }

static inline uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }

static inline uint32_t get_raw32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, 4);
	return v;
}

/* It is not delivered; *counter says why. */
static inline void packet_drop(struct packet *pk, uint64_t *counter)
{
	*counter += 1;
	buf_put(pk->buf);
}

/* Each delivers what it is given, or counts it. The first needs no more than a whole Ethernet header. */
void ip_in(struct dp *dp, struct packet *pk);
void tcp_in(struct dp *dp, struct packet *pk); /* a good IP packet for us */
void echo_in_pieces(struct dp *dp, struct packet *pk); /* rx_echo.c: a request longer than the MTU */

#endif
