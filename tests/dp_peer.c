/* SPDX-License-Identifier: MIT */
/* See dp_peer.h. */
#include "dp_peer.h"

#include <kern/dp/csum.h>

enum { ETH = 14, IP = 20, TCP = 20, UDP = 8, PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17 };

static const uint8_t our_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t their_mac[6] = { 0x02, 0, 0, 0, 0, 1 };

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p) { return p[0] << 8 | p[1]; }
static uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }

struct peer peer(uint16_t port, uint16_t to)
{
	return (struct peer){ .ip = PEER_IP, .port = port, .to = to, .seq = 1000000u * port, .window = 65535, .mss = 1460 };
}

/* ---- Out ---- */

static uint64_t pseudo(const uint8_t *ip, uint32_t len)
{
	return csum_add(0, ip + 12, 8) + csum_pseudo(0, 0, ip[9], len);
}

/* Where a protocol keeps its checksum, behind the IP header; 0: it has none that we know. */
static uint32_t sum_place(uint8_t proto)
{
	return proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : proto == PROTO_ICMP ? 2 : 0;
}

void fix_sums(uint8_t *frame, uint32_t len)
{
	uint8_t *ip = frame + ETH;
	uint32_t header = (ip[0] & 15) * 4, total = get16(ip + 2);
	uint16_t sum;

	if (len < ETH + IP || header < IP || total < header || total > len - ETH)
		return;
	put16(ip + 10, 0);
	sum = ~csum_fold(csum_add(0, ip, header));
	memcpy(ip + 10, &sum, 2);
	uint32_t at = sum_place(ip[9]), rest = total - header;
	if (!at || rest < at + 2)
		return;
	put16(ip + header + at, 0);
	sum = ~csum_fold((ip[9] == PROTO_ICMP ? 0 : pseudo(ip, rest)) + csum_add(0, ip + header, rest));
	memcpy(ip + header + at, &sum, 2);
}

uint32_t make_segment(uint8_t *frame, const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack,
		      const void *data, uint32_t len)
{
	uint8_t *ip = frame + ETH, *tcp = ip + IP;
	uint32_t option = (flags & SYN) && p->mss ? 4 : 0;
	uint32_t total = IP + TCP + option + len;

	memset(frame, 0, ETH + IP + TCP);
	memcpy(frame, our_mac, 6);
	memcpy(frame + 6, their_mac, 6);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, total);
	ip[8] = 64;
	ip[9] = PROTO_TCP;
	put32(ip + 12, p->ip);
	put32(ip + 16, OUR_IP);
	put16(tcp, p->port);
	put16(tcp + 2, p->to);
	put32(tcp + 4, seq);
	put32(tcp + 8, flags & ACK ? ack : 0);
	tcp[12] = (TCP + option) / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, p->window);
	if (option) {
		tcp[TCP] = 2;
		tcp[TCP + 1] = 4;
		put16(tcp + TCP + 2, p->mss);
	}
	if (len)
		memcpy(tcp + TCP + option, data, len);
	fix_sums(frame, ETH + total);
	return ETH + total;
}

uint32_t make_datagram(uint8_t *frame, uint16_t from, uint16_t to, const void *text, uint32_t len)
{
	uint8_t *ip = frame + ETH, *udp = ip + IP;
	struct peer q = peer(from, to);

	make_segment(frame, &q, 0, 0, 0, NULL, 0);
	put16(ip + 2, IP + UDP + len);
	ip[9] = PROTO_UDP;
	put16(udp + 4, UDP + len);
	memcpy(udp + UDP, text, len);
	fix_sums(frame, ETH + IP + UDP + len);
	return ETH + IP + UDP + len;
}

struct peer peer_on(int thread, uint16_t from, uint16_t to)
{
	uint8_t frame[NIC_FRAME_MAX];
	struct peer p = peer(from, to);

	while (nic_queue_of(frame, make_segment(frame, &p, SYN, 0, 0, NULL, 0)) != thread)
		p = peer(p.port + 1, to);
	return p;
}

void inject(const void *frame, uint32_t len) { assert_true(nic_receive(frame, len, 0)); }

void peer_raw(const struct peer *p, uint8_t flags, uint32_t seq, const void *data, uint32_t len)
{
	uint8_t frame[NIC_FRAME_MAX];

	inject(frame, make_segment(frame, p, flags, seq, p->ack, data, len));
}

void peer_send(struct peer *p, uint8_t flags, const void *data, uint32_t len)
{
	peer_raw(p, flags, p->seq, data, len);
	p->seq += len + !!(flags & SYN) + !!(flags & FIN);
}

void peer_acks(struct peer *p) { peer_send(p, ACK, NULL, 0); }

/* ---- In ---- */

static void answer_arp(const struct nic_frame *f)
{
	uint8_t reply[60] = { 0 };

	if (get16(f->bytes + 20) != 1)
		return;
	memcpy(reply, f->bytes, 42);
	memcpy(reply, our_mac, 6);
	memcpy(reply + 6, their_mac, 6);
	put16(reply + 20, 2);
	memcpy(reply + 22, their_mac, 6);
	memcpy(reply + 28, f->bytes + 38, 4);
	memcpy(reply + 32, our_mac, 6);
	memcpy(reply + 38, f->bytes + 28, 4);
	inject(reply, sizeof(reply));
}

void peer_announces(void)
{
	uint8_t request[60] = { 0 };
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	memset(request, 0xff, 6);
	memcpy(request + 6, their_mac, 6);
	put16(request + 12, 0x0806);
	memcpy(request + 14, head, sizeof(head));
	memcpy(request + 22, their_mac, 6);
	put32(request + 28, PEER_IP);
	put32(request + 38, OUR_IP);
	inject(request, sizeof(request));
}

static struct seg parse(const struct nic_frame *f)
{
	const uint8_t *ip = f->bytes + ETH, *tcp = ip + IP;
	uint32_t total = get16(ip + 2), header = (tcp[12] >> 4) * 4;

	assert_int_equal(ip[0], 0x45);
	assert_int_equal(total, f->len - ETH);
	assert_int_equal(csum_fold(csum_add(0, ip, IP)), 0xffff);
	assert_int_equal(csum_fold(pseudo(ip, total - IP) + csum_add(0, tcp, total - IP)), 0xffff);
	return (struct seg){
		.src = get32(ip + 12), .dst = get32(ip + 16), .sport = get16(tcp), .dport = get16(tcp + 2),
		.seq = get32(tcp + 4), .ack = get32(tcp + 8), .flags = tcp[13] & 0x3f, .window = get16(tcp + 14),
		.mss = header > TCP && tcp[TCP] == 2 ? get16(tcp + TCP + 2) : 0,
		.len = total - IP - header, .data = tcp + header, .frame = f,
	};
}

bool sent_segment(struct seg *s)
{
	const struct nic_frame *f;

	while ((f = nic_sent())) {
		if (get16(f->bytes + 12) == 0x0806) {
			answer_arp(f);
		} else if (f->bytes[ETH + 9] == PROTO_TCP) {
			*s = parse(f);
			return true;
		}
	}
	return false;
}

bool next_segment(struct seg *s)
{
	for (int tries = 0; tries < 4; tries++) {
		if (sent_segment(s))
			return true;
		cycle_all();
	}
	return false;
}

struct seg peer_get(struct peer *p, uint8_t flags)
{
	struct seg s;

	assert_true(next_segment(&s));
	assert_int_equal(s.dst, p->ip);
	assert_int_equal(s.dport, p->port);
	assert_int_equal(s.sport, p->to);
	assert_int_equal(s.flags & ~PSH, flags);
	if (!(flags & (SYN | RST)))
		assert_int_equal(s.seq, p->ack);
	if (flags & ACK)
		assert_int_equal(s.ack, p->seq);
	p->ack = s.seq + s.len + !!(flags & SYN) + !!(flags & FIN);
	return s;
}

void peer_silent(void)
{
	struct seg s;

	if (next_segment(&s))
		fail_msg("a segment with flags %x, %u bytes, to port %u", s.flags, s.len, s.dport);
}

uint32_t drain(void)
{
	struct seg s;
	uint32_t n = 0;

	while (next_segment(&s))
		n++;
	return n;
}

/* ---- Whole exchanges ---- */

void peer_opens(struct peer *p)
{
	peer_send(p, SYN, NULL, 0);
	peer_get(p, SYN | ACK);
	peer_acks(p);
	cycle_all();
}

ix_handle_t peer_accepted(struct peer *p, uint32_t cookie)
{
	peer_opens(p);
	struct ix_event ev = expect_event(IX_EV_KNOCK);
	assert_int_equal(accept_flow(ev.handle, cookie), 0);
	return ev.handle;
}

ix_handle_t peer_in_new_world(void **state, struct peer *p, uint16_t port, uint32_t cookie)
{
	world_setup(state);
	listen_on(port, 16, 5);
	*p = peer(4000, port);
	ix_handle_t h = peer_accepted(p, cookie);
	peer_silent();
	return h;
}

void peer_closes_first(struct peer *p, ix_handle_t h, uint32_t cookie)
{
	peer_send(p, FIN | ACK, NULL, 0);
	peer_get(p, ACK);
	assert_int_equal(expect_event(IX_EV_RECV).recv.flags, IX_RECV_FIN);
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(p, FIN | ACK);
	peer_acks(p);
	struct ix_event ev = expect_event(IX_EV_DEAD);
	assert_int_equal(ev.cookie, cookie);
	assert_int_equal(ev.dead.reason, 0);
	cycle_all();
}
