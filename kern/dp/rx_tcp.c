/* SPDX-License-Identifier: MIT */
/* TCP segments on their way in. The contract is rx.h. */
#include <kern/dp/csum.h>
#include <kern/dp/move.h>
#include <kern/dp/rx.h>
#include <kern/dp/tcp.h>

#include "lwip/prot/ip.h"
#include "lwip/prot/tcp.h"

enum {
	TCP_MIN = 20,
	OPT_END = 0, /* TCP options of a single byte */
	OPT_NOP = 1,
};

static bool tcp_is_good(const struct packet *pk, const uint8_t *tcp, uint32_t len)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;
	uint32_t header = len >= TCP_MIN ? (tcp[12] >> 4) * 4u : 0;

	if (header < TCP_MIN || header > len)
		return false;
	if (pk->flags & RX_CSUM_OK)
		return true;
	uint64_t sum = csum_pseudo(get_raw32(ip + 12), get_raw32(ip + 16), IP_PROTO_TCP, len);
	return csum_fold(csum_add(sum, tcp, len)) == 0xffff;
}

/*
 * Buffers are low: only the acknowledgement in this segment may get in. Its payload, with the FIN behind
 * it, is cut off; the peer will send it again. Checksums are not looked at any more.
 */
static void trim_to_ack(struct packet *pk, uint8_t *tcp, uint32_t tcp_header)
{
	uint8_t *ip = pk->bytes + ETH_LEN;

	pk->ip_total = pk->ip_len + tcp_header;
	ip[2] = pk->ip_total >> 8;
	ip[3] = pk->ip_total & 0xff;
	tcp[13] &= ~(TCP_FIN | TCP_PSH);
}

/*
 * Options count in a SYN only; in other segments lwIP would let a peer change its mind about the segment
 * size. The first option that does not end within the header ends the list: lwIP would read on behind it.
 */
static void tidy_options(uint8_t *tcp, uint32_t tcp_header)
{
	uint32_t i = tcp[13] & TCP_SYN ? TCP_MIN : tcp_header;

	if (i == tcp_header && i > TCP_MIN)
		tcp[TCP_MIN] = OPT_END;
	while (i < tcp_header && tcp[i] != OPT_END) {
		uint32_t left = tcp_header - i;
		uint32_t size = tcp[i] == OPT_NOP ? 1 : left > 1 ? tcp[i + 1] : 0;
		if (size > left || (size < 2 && tcp[i] != OPT_NOP))
			tcp[i] = OPT_END;
		else
			i += size;
	}
}

static struct fgroup *group_of(const struct plane *p, const struct packet *pk, const struct tuple *t)
{
	if (p->ngroups == 1)
		return p->groups;
	return pk->flags & RX_HASH ? &p->groups[pk->hash % NGROUPS] : group_of_tuple(p, t);
}

/* By its ports: a parked frame was checked, and is of TCP. */
struct fgroup *frame_group(struct dp *dp, const struct buf *b)
{
	const uint8_t *ip = b->bytes + ETH_LEN, *tcp = ip + (ip[0] & 15) * 4;

	return group_of_tuple(dp->plane, &(struct tuple){ get_raw32(ip + 16), get_raw32(ip + 12), get16(tcp + 2), get16(tcp) });
}

/* The group is on its way to us; or the NIC did not know of this segment that it has gone. */
static void not_here(struct dp *dp, struct fgroup *g, struct packet *pk)
{
	if (!(pk->flags & RX_JOINED) || !frame_hand(dp, g, pk->buf, pk->len, pk->flags))
		frame_park(dp, g, pk->buf, pk->len, pk->flags);
}

void tcp_in(struct dp *dp, struct packet *pk)
{
	uint8_t *ip = pk->bytes + ETH_LEN, *tcp = ip + pk->ip_len;
	uint32_t len = pk->ip_total - pk->ip_len;

	if (!tcp_is_good(pk, tcp, len)) {
		packet_drop(pk, &dp->stat.drop_rx_tcp);
		return;
	}
	uint32_t header = (tcp[12] >> 4) * 4;
	struct segment seg = {
		.tuple = { get_raw32(ip + 16), get_raw32(ip + 12), get16(tcp + 2), get16(tcp) },
		.seq = get32(tcp + 4),
	};
	struct fgroup *g = group_of(dp->plane, pk, &seg.tuple);
	if (g->owner != dp) {
		not_here(dp, g, pk);
		return;
	}
	if (len > header && buf_is_low(&dp->bufs)) {
		dp->stat.drop_rx_nobuf++;
		trim_to_ack(pk, tcp, header);
	}
	tidy_options(tcp, header);
	seg.flags = tcp[13] & 0x3f;
	stack_segment(g, buf_to_pbuf(pk->buf, ETH_LEN + pk->ip_len, pk->ip_total - pk->ip_len), &seg);
}
