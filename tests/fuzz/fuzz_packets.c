/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: frames from the network, through lwIP, to a program that echoes and closes. An input is a list of
 * steps, each a byte that says what, then its own bytes: see step[]. Segments are made relative to what a peer
 * would send next, so that short inputs get far into TCP.
 */
#include "fuzz.h"

#include <kern/dp/csum.h>

enum { PORT = 80, PEERS = 4, STEPS_MAX = 200, PAYLOAD_MAX = 1460 };

static struct peer peers[PEERS];
static uint8_t frame[NIC_FRAME_MAX];

/* What our end said last is what a peer that listens would know. */
static void hear(void)
{
	const struct nic_frame *f;

	while ((f = nic_sent())) {
		const uint8_t *tcp = f->bytes + 34;
		if (f->len < HEADERS || f->bytes[23] != 6)
			continue;
		struct peer *p = &peers[tcp[3] % PEERS];
		uint32_t len = f->len - 34 - (tcp[12] >> 4) * 4;
		p->ack = be32(tcp + 4) + len + !!(tcp[13] & (SYN | FIN));
		if (tcp[13] & ACK)
			p->seq = be32(tcp + 8);
	}
}

/*
 * On every other flow messages go back from the buffers they came in, which are kept to the end; on the rest by way of the
 * heap. (Credit is given back in the order of arrival, so one flow cannot do both.)
 */
static void echo(const struct ix_event *ev)
{
	if (ev->handle % 2) {
		send_pieces(ev->handle, &(struct ix_sg){ ev->recv.addr, ev->recv.len }, 1);
		return;
	}
	memcpy(heap(ev->recv.addr % 65536), recv_bytes(ev), ev->recv.len);
	send_heap(ev->handle, ev->recv.addr % 65536, ev->recv.len);
	recv_done(ev->handle, ev->recv.len);
}

/* The program: accepts, sends back what comes, closes at the end. */
static void answer(void)
{
	while (have_event()) {
		struct ix_event ev = next_event();
		if (ev.type == IX_EV_KNOCK)
			accept_flow(ev.handle, 1);
		if (ev.type == IX_EV_RECV && ev.recv.len)
			echo(&ev);
		if (ev.type == IX_EV_RECV && (ev.recv.flags & IX_RECV_FIN))
			call_on(IX_CALL_CLOSE, ev.handle);
	}
}

static void receive(uint32_t len)
{
	if (!nic_receive(frame, len, 0)) {
		cycle();
		nic_receive(frame, len, 0);
	}
}

/* Any bytes at all. */
static void raw_frame(struct peer *p)
{
	uint32_t len = fuzz16() % 1600;

	(void)p;
	memset(frame, 0, sizeof(frame));
	fuzz_bytes(frame, MIN(len, 128u));
	receive(len);
}

/* Any bytes behind our MAC address, with the sums put right. */
static void repaired_frame(struct peer *p)
{
	uint32_t len = 14 + fuzz8();

	make_segment(frame, p, 0, 0, 0, NULL, 0);
	fuzz_bytes(frame + 12, len - 12);
	fix_sums(frame, len);
	receive(len);
}

static void segment_with(struct peer *p, uint8_t flags, int32_t ahead, uint32_t len)
{
	static uint8_t payload[PAYLOAD_MAX];

	receive(make_segment(frame, p, flags, p->seq + ahead, p->ack, payload, len));
}

static void next_data(struct peer *p) { segment_with(p, PSH | ACK, 0, fuzz16() % PAYLOAD_MAX); }
static void other_data(struct peer *p) { segment_with(p, fuzz8() & 0x3f, (int16_t)fuzz16(), fuzz16() % PAYLOAD_MAX); }
static void syn(struct peer *p) { segment_with(p, SYN, 0, 0); }
static void ack(struct peer *p) { segment_with(p, ACK, 0, 0); }
static void fin(struct peer *p) { segment_with(p, FIN | ACK, 0, 0); }
static void rst(struct peer *p) { segment_with(p, RST, (int8_t)fuzz8(), 0); }

static void old_ack(struct peer *p)
{
	struct peer q = *p;

	q.ack += (int16_t)fuzz16();
	q.window = fuzz16();
	segment_with(&q, ACK, 0, fuzz8());
}

static void options(struct peer *p)
{
	uint8_t bytes[40];
	uint32_t n = 4 * (fuzz8() % 11);
	struct peer q = *p;

	q.mss = 0;
	memset(bytes, 0, sizeof(bytes));
	fuzz_bytes(bytes, n);
	uint32_t len = make_segment(frame, &q, fuzz8() % 2 ? SYN : ACK, p->seq, p->ack, bytes, n);
	frame[46] = (20 + n) / 4 << 4;
	fix_sums(frame, len);
	receive(len);
}

static void window(struct peer *p) { p->window = fuzz16(); }
static void hold(struct peer *p) { (void)p, nic.hold = !nic.hold; }

/* Half seconds, and after each as many cycles as a pass over all timers takes. */
static void time_passes(struct peer *p)
{
	(void)p;
	for (uint32_t n = fuzz8() % 16; n > 0; n--) {
		machine_us += 500000;
		for (int i = 0; i < 33; i++)
			cycle();
	}
}

static void connect_out(struct peer *p) { connect_to(p->ip, p->port, 7); }

/* Bytes [at, at + n) behind an IP header, as a fragment. */
static void fragment(const uint8_t *whole, uint32_t at, uint32_t n, bool more)
{
	uint16_t sum;

	memcpy(frame, whole, 34);
	memcpy(frame + 34, whole + 34 + at, n);
	frame[16] = (20 + n) >> 8;
	frame[17] = 20 + n;
	frame[20] = (more ? 0x20 : 0) | at / 8 >> 8;
	frame[21] = at / 8;
	frame[24] = frame[25] = 0;
	sum = ~csum_fold(csum_add(0, frame + 14, 20));
	memcpy(frame + 24, &sum, sizeof(sum));
	receive(34 + n);
}

/* A segment or a ping, perhaps too long, in fragments: which, and what is wrong with them, the input says. */
static void pieces(struct peer *p)
{
	static uint8_t whole[34 + 3000], payload[2100];
	uint32_t len = make_segment(whole, p, PSH | ACK, p->seq, p->ack, payload, fuzz8() * 8) - 34;
	uint8_t how = fuzz8();
	uint32_t size = 8 * (1 + how % 64);

	if (how & 128) {
		whole[23] = 1;
		whole[34] = 8;
		whole[35] = 0;
		fix_sums(whole, 34 + len);
	}
	whole[19] = fuzz8() % 4;
	for (uint32_t n = (len + size - 1) / size + fuzz8() % 3; n > 0 && fuzz_more(); n--) {
		uint8_t what = fuzz8();
		uint32_t at = what % 32 * size + (what & 64 ? 8 : 0);
		if (at < len)
			fragment(whole, at, MIN(size, len - at), (at + size < len) ^ !!(what & 128));
	}
}

static void (*const step[])(struct peer *) = {
	raw_frame, repaired_frame, next_data, other_data, syn, ack, fin, rst,
	old_ack, options, window, time_passes, hold, connect_out, ack, pieces,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	if (!world->plane->nlisteners)
		listen_on(PORT, 8, 5);
	for (int i = 0; i < PEERS; i++) {
		peers[i] = peer(4096 + i, PORT);
		peers[i].seq = 0xfffffff0;
	}
	for (int n = 0; n < STEPS_MAX && fuzz_more(); n++) {
		uint8_t what = fuzz8();
		step[what % 16](&peers[what / 16 % PEERS]);
		if (what < 128) {
			cycle();
			answer();
			hear();
		}
	}
	fuzz_end_input();
	return 0;
}
