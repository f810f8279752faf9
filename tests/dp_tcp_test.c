/* SPDX-License-Identifier: MIT */
/* TCP through the whole dataplane: handshakes and data, as a peer sees them segment by segment. */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 77, MSS = 1460, RTO_US = 4000000 };

static struct peer p;
static ix_handle_t h;
static uint8_t text[65536]; /* what a peer sends, by position in its stream */

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	return 0;
}

static int end_flow(void **state)
{
	drain();
	while (have_event())
		next_event();
	assert_int_equal(call_on(IX_CALL_ABORT, h), 0);
	assert_int_equal(expect_event(IX_EV_DEAD).dead.reason, -E_ABORTED);
	return world_teardown(state);
}

static void expect_text(uint32_t from, uint32_t len)
{
	while (len) {
		struct ix_event ev = expect_event(IX_EV_RECV);
		assert_true(ev.recv.len > 0 && ev.recv.len <= len);
		assert_memory_equal(recv_bytes(&ev), text + from, ev.recv.len);
		from += ev.recv.len;
		len -= ev.recv.len;
	}
	expect_no_event();
}

/* Bytes [from, from + len) of the stream, wherever the peer is in it; its own place does not move. */
static uint32_t origin;
static void send_text(uint32_t from, uint32_t len) { peer_raw(&p, PSH | ACK, origin + from, text + from, len); }

static int open_with_text(void **state)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / 256;
	open_flow(state);
	origin = p.seq;
	return 0;
}

/* ---- Handshake ---- */

static void a_handshake_makes_a_knock(void **state)
{
	(void)state;
	listen_on(PORT, 2, 5);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	struct seg s = peer_get(&p, SYN | ACK);
	assert_int_equal(s.mss, MSS);
	expect_no_event();
	peer_acks(&p);
	struct ix_event ev = expect_event(IX_EV_KNOCK);
	assert_int_equal(ev.cookie, 5);
	assert_int_equal(ev.knock.ip, PEER_IP);
	assert_int_equal(ev.knock.port, 4000);
	assert_int_equal(ev.knock.local_port, PORT);
	assert_int_equal(call_on(IX_CALL_REJECT, ev.handle), 0);
	peer_get(&p, RST | ACK);
	expect_no_event();
}

static void a_syn_that_comes_twice_opens_one_flow(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_raw(&p, SYN, p.seq, NULL, 0);
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, SYN | ACK);
	cycle();
	drain();
	assert_int_equal(world_group->flows.nused, 1);
	peer_raw(&p, RST, p.seq, NULL, 0);
}

static void an_unanswered_handshake_is_given_up(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, SYN | ACK);
	pass(30000000);
	assert_true(drain() > 1); /* it was said again */
	assert_int_equal(world_group->flows.nused, 0);
	expect_no_event();
}

static void nobody_listens(void **state)
{
	(void)state;
	p = peer(4000, 81);
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, RST | ACK);
	peer_send(&p, ACK, NULL, 0);
	peer_get(&p, RST | ACK);
}

/* ---- Connect ---- */

static struct peer answer_connect(uint8_t flags)
{
	struct seg s;
	struct peer q = peer(99, 0);

	assert_int_equal(connect_to(PEER_IP, 99, COOKIE), 0);
	h = last_call.handle;
	assert_true(next_segment(&s));
	assert_int_equal(s.flags, SYN);
	q.to = s.sport;
	q.ack = s.seq + 1;
	peer_send(&q, flags, NULL, 0);
	return q;
}

static void connecting_succeeds(void **state)
{
	(void)state;
	struct peer q = answer_connect(SYN | ACK);
	peer_get(&q, ACK);
	struct ix_event ev = expect_event(IX_EV_CONNECTED);
	assert_int_equal(ev.cookie, COOKIE);
	assert_int_equal(ev.connected.outcome, 0);
	assert_true(ev.connected.window > 0);
	peer_closes_first(&q, h, COOKIE);
}

static void connecting_is_refused(void **state)
{
	(void)state;
	answer_connect(RST | ACK);
	assert_int_equal(expect_event(IX_EV_CONNECTED).connected.outcome, -E_REFUSED);
	expect_no_event(); /* no dead follows */
	assert_int_equal(call_on(IX_CALL_CLOSE, h), -E_BAD_HANDLE);
}

static void connecting_times_out(void **state)
{
	(void)state;
	assert_int_equal(connect_to(PEER_IP, 99, COOKIE), 0);
	assert_int_equal(drain(), 1);
	pass(60000000);
	assert_true(drain() >= 3);
	assert_int_equal(expect_event(IX_EV_CONNECTED).connected.outcome, -E_TIMED_OUT);
	expect_no_event();
}

static void connecting_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(connect_to(PEER_IP, 99, COOKIE), 0);
	assert_int_equal(call_on(IX_CALL_CLOSE, last_call.handle), 0);
	assert_int_equal(expect_event(IX_EV_CONNECTED).connected.outcome, -E_ABORTED);
	expect_no_event();
}

static void each_connection_has_its_own_port(void **state)
{
	uint16_t ports[3];
	struct seg s;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(connect_to(PEER_IP, 99, i), 0);
		assert_true(next_segment(&s));
		ports[i] = s.sport;
	}
	assert_true(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
	pass(60000000);
	for (int i = 0; i < 3; i++)
		expect_event(IX_EV_CONNECTED);
}

/* ---- Receiving ---- */

static void data_in_order(void **state)
{
	(void)state;
	send_text(0, MSS);
	send_text(MSS, 100);
	expect_text(0, MSS + 100);
}

static void data_out_of_order(void **state)
{
	(void)state;
	send_text(2 * MSS, MSS);
	send_text(MSS, MSS);
	expect_no_event();
	send_text(0, MSS);
	expect_text(0, 3 * MSS);
}

static void data_twice(void **state)
{
	(void)state;
	send_text(0, 500);
	send_text(0, 500);
	expect_text(0, 500);
	send_text(0, 500);
	expect_no_event();
	p.seq = origin + 500;
	drain();
}

static void data_that_overlaps(void **state)
{
	(void)state;
	send_text(0, 300);
	send_text(200, 300);      /* its head is old */
	send_text(100, 200);      /* all of it is old */
	send_text(600, 300);
	send_text(550, 200);      /* before and across what waits */
	send_text(800, 400);
	expect_text(0, 500);
	send_text(450, 200);
	expect_text(500, 700);
}

static void data_outside_the_window(void **state)
{
	(void)state;
	send_text(0, 10);
	expect_text(0, 10);
	drain();
	peer_raw(&p, PSH | ACK, origin + 10 - 100000, text, 50);
	peer_raw(&p, PSH | ACK, origin + 10 + 100000, text, 50);
	peer_raw(&p, PSH | ACK, origin + 10 + 0x80000000, text, 50);
	expect_no_event();
	assert_int_equal(world->bufs.count[BUF_STACK], 0);
}

/* A keep-alive carries one old byte, and is answered. */
static void a_keep_alive_is_answered(void **state)
{
	(void)state;
	send_text(0, 10);
	expect_text(0, 10);
	p.seq = origin + 10;
	drain();
	peer_raw(&p, ACK, p.seq - 1, "x", 1);
	peer_get(&p, ACK);
}

/* The program keeps what it got: the window closes, and opens when it gives back. */
static void the_window_follows_credit(void **state)
{
	struct seg s;
	uint32_t sent = 0;
	uint16_t window = 65535;

	(void)state;
	while (window >= MSS) {
		send_text(sent, MSS);
		sent += MSS;
		cycle();
		while (next_segment(&s))
			window = s.window;
	}
	assert_int_equal(sent / MSS, TCP_WND / MSS);
	send_text(sent, 1);          /* one too many */
	drain();
	expect_text(0, sent);
	assert_int_equal(recv_done(h, sent), 0);
	assert_true(next_segment(&s));
	assert_int_equal(s.window, TCP_WND);
	assert_int_equal(s.ack, origin + sent);
}

/* ---- Sending ---- */

static void fill_heap(uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		heap(0)[i] = i * 11 + i / 1000;
}

static void lost_data_is_sent_again(void **state)
{
	(void)state;
	fill_heap(200);
	assert_int_equal(send_heap(h, 0, 200), 200);
	struct seg s = peer_get(&p, ACK);
	p.ack -= 200;
	for (int i = 0; i < 3; i++) {
		pass(RTO_US << i);
		s = peer_get(&p, ACK);
		assert_int_equal(s.len, 200);
		assert_memory_equal(s.data, heap(0), 200);
		assert_int_equal(s.frame->piece[1].pa, PADDR(heap(0))); /* from where it lies */
		p.ack -= 200;
		drain();
	}
	expect_no_event();
	p.ack += 200;
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 200);
	assert_true(world->stat.tcp_rexmits >= 3);
}

static void a_silent_peer_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 200), 200);
	pass(200000000);
	assert_true(drain() > 3);
	struct ix_event ev = expect_event(IX_EV_DEAD);
	assert_int_equal(ev.dead.reason, -E_TIMED_OUT);
	assert_int_equal(ev.cookie, COOKIE);
	expect_no_event();
	h = peer_accepted(&(struct peer){ .ip = PEER_IP, .port = 5, .to = PORT, .seq = 9, .window = 9999 }, 0);
}

static void three_duplicate_acks_bring_a_segment_early(void **state)
{
	(void)state;
	fill_heap(6 * MSS);
	assert_int_equal(send_heap(h, 0, MSS), MSS);
	peer_get(&p, ACK);
	peer_acks(&p);               /* the congestion window grows */
	expect_event(IX_EV_SENT);
	assert_int_equal(send_heap(h, 0, 6 * MSS), 6 * MSS);
	uint32_t lost = p.ack;
	assert_true(drain() >= 3);
	for (int i = 0; i < 4; i++)
		peer_acks(&p);
	struct seg s;
	assert_true(next_segment(&s));
	assert_int_equal(s.seq, lost);
	assert_memory_equal(s.data, heap(0), s.len);
}

/* It is not sent, as the window is shut, and must come first all the same when that opens. */
static void duplicate_acks_from_behind_a_shut_window(void **state)
{
	enum { LEN = 6 * MSS };
	uint32_t acked = 0;

	(void)state;
	fill_heap(LEN);
	assert_int_equal(send_heap(h, 0, MSS), MSS);
	peer_get(&p, ACK);
	peer_acks(&p);
	expect_event(IX_EV_SENT);
	assert_int_equal(send_heap(h, 0, LEN), LEN);
	assert_true(drain() >= 3);
	uint32_t from = p.ack;
	p.ack += MSS; /* the first has come, for which there was still room */
	p.window = 0;
	for (int i = 0; i < 6; i++) {
		peer_acks(&p);
		cycle();
	}
	pass(10000000);
	drain();
	p.window = 65535;
	peer_acks(&p);
	for (int round = 0; round < 100 && p.ack != from + LEN; round++) {
		struct seg s;
		while (next_segment(&s)) {
			if (s.seq == p.ack)
				p.ack += s.len;
			peer_acks(&p);
		}
		pass(500000);
	}
	assert_int_equal(p.ack, from + LEN);
	while (have_event())
		acked += expect_event(IX_EV_SENT).sent.bytes;
	assert_int_equal(acked, LEN);
}

static void a_partial_ack_tells_what_it_covers(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 1000), 1000);
	peer_get(&p, ACK);
	p.ack -= 600;
	peer_acks(&p);
	uint32_t told = 0;
	cycle();
	while (have_event())
		told += expect_event(IX_EV_SENT).sent.bytes;
	p.ack += 600;
	peer_acks(&p);
	told += expect_event(IX_EV_SENT).sent.bytes;
	assert_int_equal(told, 1000);
	assert_int_equal(send_heap(h, 0, 300), 300);
	peer_get(&p, ACK);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 300);
}

static void an_ack_of_what_was_never_sent_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 100), 100);
	peer_get(&p, ACK);
	p.ack += 1;
	peer_acks(&p);
	expect_no_event();
	p.ack -= 1;
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 100);
}

/* The peer's window is shut; a probe asks until it opens, and all that waited comes. */
static void a_shut_window_is_probed(void **state)
{
	(void)state;
	fill_heap(400);
	assert_int_equal(send_heap(h, 0, 10), 10);
	peer_get(&p, ACK);
	p.window = 0;
	peer_acks(&p);
	expect_event(IX_EV_SENT);
	assert_int_equal(send_heap(h, 0, 400), 400);
	peer_silent();
	pass(30000000);
	struct seg s = { 0 };
	uint32_t probes = 0;
	for (; next_segment(&s); probes++) {
		assert_true(s.len <= 1);
		assert_int_equal(s.seq, p.ack);
	}
	assert_true(probes >= 2);
	p.window = 1000;
	peer_acks(&p);
	uint32_t len = 0;
	for (int i = 0; i < 20 && len < 400; i++) {
		pass(500000);
		while (next_segment(&s)) {
			assert_memory_equal(s.data, heap(s.seq - p.ack), s.len);
			len = MAX(len, s.seq + s.len - p.ack);
		}
	}
	assert_int_equal(len, 400);
}

/* The first window is shut, the next a small one: segments do not outgrow it, and no byte is lost. */
static void a_window_that_was_never_open(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	p.window = 0;
	h = peer_accepted(&p, COOKIE);
	fill_heap(3000);
	assert_int_equal(send_heap(h, 0, 1000), 1000);
	p.window = 100;
	peer_acks(&p);
	cycle();
	assert_int_equal(send_heap(h, 1000, 2000), 2000);
	p.window = 4000;
	uint32_t got = 0;
	struct seg s;
	for (int i = 0; i < 100 && got < 3000; i++) {
		for (pass(200000); next_segment(&s); peer_acks(&p)) {
			assert_true(s.len <= MSS);
			assert_memory_equal(s.data, heap(got + (int32_t)(s.seq - p.ack)), s.len);
			if (s.seq == p.ack) {
				got += s.len;
				p.ack += s.len;
			}
		}
	}
	assert_int_equal(got, 3000);
	cycle();
	uint32_t told = 0;
	while (have_event())
		told += expect_event(IX_EV_SENT).sent.bytes;
	assert_int_equal(told, 3000);
	peer_closes_first(&p, h, COOKIE);
}

/* A megabyte to a peer that acknowledges every other segment; each byte where it belongs. */
static void a_long_stream(void **state)
{
	enum { TOTAL = 1 << 20 };
	uint32_t given = 0, got = 0, told = 0;
	struct seg s;

	(void)state;
	fill_heap(TOTAL);
	while (told < TOTAL) {
		if (given < TOTAL)
			given += send_heap(h, given, TOTAL - given);
		for (int n = 0; next_segment(&s); n++) {
			assert_int_equal(s.seq, p.ack);
			assert_memory_equal(s.data, heap(got), s.len);
			got += s.len;
			p.ack += s.len;
			if (n % 2)
				peer_acks(&p);
		}
		peer_acks(&p);
		cycle();
		while (have_event())
			told += expect_event(IX_EV_SENT).sent.bytes;
	}
	assert_int_equal(got, TOTAL);
	assert_int_equal(told, TOTAL);
	assert_int_equal(world->stat.tx_copied_bytes, 0);
}

/* ---- Sequence numbers wrap ---- */

static void the_peers_numbers_wrap(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	p.seq = 0xffffff00;
	h = peer_accepted(&p, COOKIE);
	origin = p.seq;
	send_text(MSS, MSS);
	send_text(0, MSS);
	expect_text(0, 2 * MSS);
	p.seq = origin + 2 * MSS;
	drain();
	peer_closes_first(&p, h, COOKIE);
}

/* Our first number follows a clock: wait until it is about to wrap. */
static void our_numbers_wrap(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	uint32_t first = peer_get(&p, SYN | ACK).seq;
	peer_send(&p, RST, NULL, 0);
	cycle();
	machine_us += 4ull * (uint32_t)(0xffffff00 - first);
	p = peer(4000, PORT);
	h = peer_accepted(&p, COOKIE);
	assert_true(p.ack >= 0xffffff00);
	fill_heap(3 * MSS);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(send_heap(h, i * MSS, MSS), MSS);
		struct seg s = peer_get(&p, ACK);
		assert_memory_equal(s.data, heap(i * MSS), MSS);
		peer_acks(&p);
		assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, MSS);
	}
	assert_true(p.ack < 0x10000);
	peer_closes_first(&p, h, COOKIE);
}

static void numbers_of_one_pair_of_ends_grow(void **state)
{
	uint32_t last = 0;

	(void)state;
	listen_on(PORT, 16, 5);
	for (int i = 0; i < 10; i++, machine_us += 1000) {
		p = peer(4000, PORT);
		peer_send(&p, SYN, NULL, 0);
		uint32_t first = peer_get(&p, SYN | ACK).seq;
		assert_true(i == 0 || (int32_t)(first - last) > 0);
		last = first;
		peer_send(&p, RST, NULL, 0);
		cycle();
	}
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_with_text, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_handshake_makes_a_knock),
		IN_WORLD(a_syn_that_comes_twice_opens_one_flow),
		IN_WORLD(an_unanswered_handshake_is_given_up),
		IN_WORLD(nobody_listens),
		IN_WORLD(connecting_succeeds),
		IN_WORLD(connecting_is_refused),
		IN_WORLD(connecting_times_out),
		IN_WORLD(connecting_is_given_up),
		IN_WORLD(each_connection_has_its_own_port),
		ON_FLOW(data_in_order),
		ON_FLOW(data_out_of_order),
		ON_FLOW(data_twice),
		ON_FLOW(data_that_overlaps),
		ON_FLOW(data_outside_the_window),
		ON_FLOW(a_keep_alive_is_answered),
		ON_FLOW(the_window_follows_credit),
		ON_FLOW(lost_data_is_sent_again),
		ON_FLOW(a_silent_peer_is_given_up),
		ON_FLOW(three_duplicate_acks_bring_a_segment_early),
		ON_FLOW(duplicate_acks_from_behind_a_shut_window),
		ON_FLOW(a_partial_ack_tells_what_it_covers),
		ON_FLOW(an_ack_of_what_was_never_sent_is_not_believed),
		ON_FLOW(a_shut_window_is_probed),
		IN_WORLD(a_window_that_was_never_open),
		ON_FLOW(a_long_stream),
		IN_WORLD(the_peers_numbers_wrap),
		IN_WORLD(our_numbers_wrap),
		IN_WORLD(numbers_of_one_pair_of_ends_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
