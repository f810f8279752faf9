/* SPDX-License-Identifier: MIT */
/*
 * Datagrams that are cut into fragments: `whole` is one, as if there were no limit to a frame, each under an identification of
 * its own; `frame` is the fragment that was cut last. Behind each IP header begins the datagram's payload, at AT in a frame.
 */
#ifndef TESTS_DP_CUT_H
#define TESTS_DP_CUT_H

#include "dp_peer.h"

enum { IP_AT = 14, AT = 34, UDP_LEN = 8 };

extern struct whole {
	uint8_t bytes[65536 + 100]; /* a frame, as if there were no limit */
	uint32_t len;               /* of what is behind the IP header */
	uint16_t id;
} whole;
extern uint8_t cut_text[65536]; /* what they carry, once cut_fill() was called */
extern uint8_t frame[NIC_FRAME_MAX];
void cut_fill(void);

void udp_whole(uint16_t from, uint16_t to, uint32_t n);  /* n bytes of the text */
void icmp_whole(uint8_t type, uint32_t n);
void segment_whole(const struct peer *p, const void *data, uint32_t n); /* what the peer sends next */

uint32_t cut(uint32_t at, uint32_t n, bool more);        /* bytes [at, at + n) of the payload; the frame's length */
void send_cut(uint32_t at, uint32_t n, bool more);
void send_piece(uint32_t i, uint32_t size);              /* the i-th of pieces of that size */
uint32_t npieces(uint32_t size);
void fix_header(uint8_t *f);                             /* the IP header's checksum only */

static inline uint16_t be16(const uint8_t *at) { return at[0] << 8 | at[1]; }
static inline void put16(uint8_t *at, uint16_t v)
{
	at[0] = v >> 8;
	at[1] = v;
}

#endif
