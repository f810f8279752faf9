/* SPDX-License-Identifier: MIT */
/*
 * Frames on their way in. Everything that lwIP would drop in silence is checked here first, so that each
 * frame is either delivered or counted once. A descriptor's buffer goes from the NIC to the stack; what
 * lwIP does not keep is free when it returns.
 */
#include <inc/error.h>

#include <kern/dp/csum.h>
#include <kern/dp/move.h>
#include <kern/dp/tcp.h>
#include <kern/dp/udp.h>
#include <kern/pmap.h>

#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"

enum {
	ETH_LEN = 14,
	ARP_LEN = 28,
	IP_MIN = 20,
	TCP_MIN = 20,
	UDP_LEN = 8,
	ICMP_LEN = 8,
	FRAGMENT_BITS = 0x3fff, /* offset and more-fragments, in an IP header */
	RX_FLUSH_PART = 8,
	OPT_END = 0,            /* TCP options of a single byte */
	OPT_NOP = 1,
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

static uint16_t get16(const uint8_t *p) { return p[0] << 8 | p[1]; }

static uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }

static uint32_t get_raw32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, 4);
	return v;
}

static void drop(struct packet *pk, uint64_t *counter)
{
	*counter += 1;
	buf_put(pk->buf);
}

static struct pbuf *to_pbuf(struct packet *pk) { return buf_to_pbuf(pk->buf, ETH_LEN, pk->ip_total); }

static void arp_in(struct dp *dp, struct packet *pk)
{
	if (pk->len < ETH_LEN + ARP_LEN)
		dp->stat.drop_rx_length++;
	else if (!neigh_input(dp, pk->bytes + ETH_LEN))
		dp->stat.drop_rx_type++;
	buf_put(pk->buf);
}

static bool ip_is_good(struct packet *pk)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;

	if (pk->len < ETH_LEN + IP_MIN || ip[0] >> 4 != 4)
		return false;
	pk->ip_len = (ip[0] & 15) * 4;
	pk->ip_total = get16(ip + 2);
	if (pk->ip_len < IP_MIN || pk->ip_total < pk->ip_len || pk->ip_total > pk->len - ETH_LEN)
		return false;
	bool fragment = get16(ip + 6) & FRAGMENT_BITS;
	return !fragment && csum_fold(csum_add(0, ip, pk->ip_len)) == 0xffff;
}

/* A sender must be somebody: nobody's, everybody's and groups' addresses are refused (RFC 1122, 3.2.1.3). */
static bool is_host(const struct dp *dp, uint32_t ip)
{
	uint32_t host = ip & ~(uint32_t)NETMASK;
	bool everybody_here = ((ip ^ dp->ip) & NETMASK) == 0 && host == ~(uint32_t)NETMASK;

	return ip != 0 && ip != 0xffffffff && (ip & 0xf0) != 0xe0 && !everybody_here;
}

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

static void tcp_in(struct dp *dp, struct packet *pk)
{
	uint8_t *ip = pk->bytes + ETH_LEN, *tcp = ip + pk->ip_len;
	uint32_t len = pk->ip_total - pk->ip_len;

	if (!tcp_is_good(pk, tcp, len)) {
		drop(pk, &dp->stat.drop_rx_tcp);
		return;
	}
	uint32_t header = (tcp[12] >> 4) * 4;
	struct segment seg = {
		.tuple = { get_raw32(ip + 16), get_raw32(ip + 12), get16(tcp + 2), get16(tcp) },
		.seq = get32(tcp + 4),
	};
	struct fgroup *g = group_of(dp->plane, pk, &seg.tuple);
	if (g->owner != dp) {
		frame_park(dp, g, pk->buf, pk->len, pk->flags);
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

static bool udp_is_good(const struct packet *pk, const uint8_t *udp, uint32_t len)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;
	uint32_t said = len >= UDP_LEN ? get16(udp + 4) : 0;

	if (said < UDP_LEN || said > len)
		return false;
	if ((pk->flags & RX_CSUM_OK) || get16(udp + 6) == 0)
		return true;
	uint64_t sum = csum_pseudo(get_raw32(ip + 12), get_raw32(ip + 16), IP_PROTO_UDP, said);
	return csum_fold(csum_add(sum, udp, said)) == 0xffff;
}

/* A datagram goes to its port as it is; one for nobody goes to lwIP, which says so to the sender. */
static void udp_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *udp = pk->bytes + ETH_LEN + pk->ip_len;

	if (!udp_is_good(pk, udp, pk->ip_total - pk->ip_len)) {
		drop(pk, &dp->stat.drop_rx_udp);
		return;
	}
	struct udp_port *port = uport_on_port(dp, get16(udp + 2));
	if (!port) {
		dp->stat.drop_rx_proto++;
		stack_packet(dp, to_pbuf(pk));
		return;
	}
	if (buf_is_low(&dp->bufs) || !uport_has_room(port)) {
		drop(pk, &dp->stat.drop_udp_full);
		return;
	}
	pk->buf->off = udp + UDP_LEN - pk->bytes;
	pk->buf->len = get16(udp + 4) - UDP_LEN;
	uport_take(dp, port, pk->buf);
}

/* An echo request is answered; all else is about something that nobody here asks for. */
static void icmp_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *icmp = pk->bytes + ETH_LEN + pk->ip_len;
	uint32_t len = pk->ip_total - pk->ip_len;

	if (len < ICMP_LEN || csum_fold(csum_add(0, icmp, len)) != 0xffff)
		drop(pk, &dp->stat.drop_rx_ip);
	else if (icmp[0] != ICMP_ECHO)
		drop(pk, &dp->stat.drop_rx_proto);
	else
		stack_packet(dp, to_pbuf(pk));
}

static void ip_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;

	if (!ip_is_good(pk) || !is_host(dp, get_raw32(ip + 12))) {
		drop(pk, &dp->stat.drop_rx_ip);
		return;
	}
	if (get_raw32(ip + 16) != dp->ip) {
		drop(pk, &dp->stat.drop_rx_type);
		return;
	}
	if (ip[9] == IP_PROTO_TCP) {
		tcp_in(dp, pk);
		return;
	}
	if (ip[9] == IP_PROTO_UDP) {
		udp_in(dp, pk);
		return;
	}
	if (ip[9] == IP_PROTO_ICMP) {
		icmp_in(dp, pk);
		return;
	}
	dp->stat.drop_rx_proto++; /* lwIP answers that nobody is here */
	stack_packet(dp, to_pbuf(pk));
}

/* By its ports: a parked frame was checked, and is of TCP. */
struct fgroup *frame_group(struct dp *dp, const struct buf *b)
{
	const uint8_t *ip = b->bytes + ETH_LEN, *tcp = ip + (ip[0] & 15) * 4;

	return group_of_tuple(dp->plane, &(struct tuple){ get_raw32(ip + 16), get_raw32(ip + 12), get16(tcp + 2), get16(tcp) });
}

/* All that stands before the segment was checked and counted when it came. */
void frame_unpark(struct dp *dp, struct buf *b)
{
	struct packet pk = { .buf = b, .bytes = buf_bytes(b), .len = b->len, .flags = b->off };

	ip_in(dp, &pk);
}

static void frame_in(struct dp *dp, const struct rx_frame *frame)
{
	struct buf *b = buf_at(dp->bufs.set, frame->buf);
	struct packet pk = { .buf = b, .bytes = buf_bytes(b), .len = frame->len, .hash = frame->hash, .flags = frame->flags };

	buf_move(b, BUF_STACK);
	dp->stat.rx_frames++;
	dp->stat.rx_bytes += frame->len;
	uint16_t type = frame->len >= ETH_LEN ? get16(pk.bytes + 12) : 0;
	if (frame->flags & RX_ERROR)
		drop(&pk, &dp->stat.drop_rx_error);
	else if (frame->len < ETH_LEN || frame->len > IX_BUFSIZE)
		drop(&pk, &dp->stat.drop_rx_length);
	else if (type == ETHTYPE_IP)
		ip_in(dp, &pk);
	else if (type == ETHTYPE_ARP)
		arp_in(dp, &pk);
	else
		drop(&pk, &dp->stat.drop_rx_type);
}

/* The most frames that a cycle takes: plane->policy.batch, which sys_dp_ctl may change at any time. */
static uint32_t batch_bound(const struct dp *dp)
{
#ifndef EXERCISE_13
	return dp->plane->policy.batch;
#else
	/* LAB IX: Your code here. (Exercise 13) Until then, one frame at a time: right, but slow. */
	(void)dp;
	return 1;
#endif
}

/*
 * The tail register is dear to write: a doorbell is due when the buffers that wait for it (provided since the last one) are
 * at least one in RX_FLUSH_PART of the ring. The NIC has plenty left until then: BUF_RESERVE sees to that.
 */
static bool doorbell_is_due(const struct netq *q)
{
#ifndef EXERCISE_13
	return q->rx_tail - q->rx_flushed >= q->rx_size / RX_FLUSH_PART;
#else
	/* LAB IX: Your code here. (Exercise 13) Until then, for every buffer. */
	(void)q;
	return true;
#endif
}

/*
 * One batch: what has come, at most batch_bound() frames (DP_BATCH_MAX is the most that can be), never waiting for more.
 * Each goes through frame_in(). A poll that found any counts in stat.rx_batches, makes the cycle busy, and raises
 * dp->queue_max to its number of frames. If segments were trimmed meanwhile (stat.drop_rx_nobuf) because buffers ran low,
 * stack_shed() gives up out-of-order data: between two frames they are not low, for what was trimmed is back.
 * Returns how many frames there were.
 */
int rx_batch(struct dp *dp)
{
#ifndef EXERCISE_8
	struct rx_frame frames[DP_BATCH_MAX];
	uint64_t trimmed = dp->stat.drop_rx_nobuf;
	OWN_CPU(dp);
	int n = dp->nd->ops->rx_poll(dp->q, frames, batch_bound(dp));

	for (int i = 0; i < n; i++)
		frame_in(dp, &frames[i]);
	if (n) {
		dp->stat.rx_batches++;
		dp->queue_max = MAX(dp->queue_max, (uint32_t)n);
		dp->busy = true;
	}
	if (dp->stat.drop_rx_nobuf != trimmed)
		stack_shed(dp);
	return n;
#else
	/* LAB IX: Your code here. (Exercise 8) */
	(void)dp, (void)frame_in, (void)batch_bound;
	return 0;
#endif
}

/*
 * Free buffers to the ring, as many as fit: each named by its index and its bytes' physical address. One that the ring
 * does not take is free again. The doorbell rings if doorbell_is_due().
 */
void rx_refill(struct dp *dp)
{
#ifndef EXERCISE_8
	const struct netdev_ops *ops = dp->nd->ops;
	struct buf *b;

	while (dp->q->rx_tail - dp->q->rx_head < dp->q->rx_size - 1u && (b = buf_take(&dp->bufs))) {
		if (ops->rx_provide(dp->q, buf_index(b), PADDR(buf_bytes(b))) < 0) {
			buf_put(b);
			break;
		}
	}
	if (doorbell_is_due(dp->q))
		ops->rx_flush(dp->q);
#else
	/* LAB IX: Your code here. (Exercise 8) */
	(void)dp, (void)doorbell_is_due;
#endif
}
