/* SPDX-License-Identifier: MIT */
/* A datagram that is complete: its header, and whose it is. The contract is reass.h. */
#include <inc/string.h>

#include <kern/dp/csum.h>
#include <kern/dp/move.h>
#include <kern/dp/rx.h>

#include "lwip/prot/ip.h"

enum { PORTS_LEN = 4 };

/* The first fragment's, as of a packet that nobody has cut. Options, which nobody here reads, are left out. */
static void make_header(uint8_t *ip, uint32_t total)
{
	ip[0] = 4 << 4 | IP_MIN / 4;
	ip[2] = total >> 8;
	ip[3] = total;
	ip[6] = ip[7] = ip[10] = ip[11] = 0;
	uint16_t sum = ~csum_fold(csum_add(0, ip, IP_MIN));
	memcpy(ip + 10, &sum, sizeof(sum));
}

/* UDP goes where the NIC would have sent it in one frame. (Of a segment tcp_in() asks whose it is.) */
static bool is_handed_over(struct dp *dp, struct buf *b)
{
	const uint8_t *ip = buf_bytes(b) + ETH_LEN, *udp = ip + IP_MIN;

	if (ip[9] != IP_PROTO_UDP || !(dp->nd->rss_kinds & RSS_UDP4) || b->len < REASS_AT + PORTS_LEN)
		return false;
	struct tuple t = { get_raw32(ip + 16), get_raw32(ip + 12), get16(udp + 2), get16(udp) };
	return frame_hand(dp, group_of_tuple(dp->plane, &t), b, b->len, b->off);
}

void reass_whole(struct dp *dp, struct buf *b, uint32_t len)
{
	make_header(buf_bytes(b) + ETH_LEN, IP_MIN + len);
	b->len = REASS_AT + len;
	b->off = RX_JOINED;
	if (!is_handed_over(dp, b))
		frame_unpark(dp, b);
}
