/* SPDX-License-Identifier: MIT */
/*
 * What is dropped where nothing else can be done: counted under its name, and everything goes on afterwards. The
 * damages of a frame are in dp_rx_test.c; backlog, memory, buffers and the transmit ring in dp_load_test.c.
 */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 12, UDP_PORT = 9, UDP_HEADERS = 42, PIECE = 8, PIECES = 3 * IX_SG_MAX };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	return 0;
}

/* The flow that was there all the time still works, then ends. */
static int end_flow(void **state)
{
	peer_send(&p, PSH | ACK, "still", 5);
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 5);
	assert_int_equal(recv_done(h, 5), 0);
	drain();
	peer_closes_first(&p, h, COOKIE);
	return world_teardown(state);
}

static const uint8_t text[10];

static ix_handle_t bind_udp(void)
{
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT, COOKIE } }), 0);
	return last_call.handle;
}

static void datagrams_that_are_damaged(void **state)
{
	uint8_t frame[200];
	ix_handle_t u = bind_udp();
	uint32_t len = make_datagram(frame, 3000, UDP_PORT, text, sizeof(text));

	(void)state;
	frame[UDP_HEADERS] ^= 1;
	inject(frame, len);
	expect_no_event();
	assert_int_equal(world->stat.drop_rx_udp, 1);
	frame[39] = 8 + 11; /* longer than the packet */
	fix_sums(frame, len);
	inject(frame, len);
	frame[39] = 7;
	fix_sums(frame, len);
	inject(frame, len);
	expect_no_event();
	assert_int_equal(world->stat.drop_rx_udp, 3);
	assert_int_equal(world->stat.udp_received, 0);
	assert_int_equal(call_on(IX_CALL_CLOSE, u), 0);
}

/* The program is away. Afterwards it gets those that waited, and what comes then. */
static void datagrams_that_nobody_takes(void **state)
{
	enum { MORE = 10 };
	uint8_t frame[200];
	ix_handle_t u = bind_udp();

	(void)state;
	for (int i = 0; i < UDP_QUEUE_MAX + MORE; i++) {
		inject(frame, make_datagram(frame, 3000 + i, UDP_PORT, text, sizeof(text)));
		cycle_without_app();
	}
	assert_int_equal(world->stat.drop_udp_full, MORE);
	for (int i = 0; i < UDP_QUEUE_MAX; i++) {
		struct ix_event ev = expect_event(IX_EV_UDP_RECV);
		assert_int_equal(ev.udp_recv.port, 3000 + i);
		struct ix_call done = { .op = IX_CALL_UDP_RECV_DONE, .handle = u, .udp_recv_done = { ev.udp_recv.addr } };
		assert_int_equal(call(done), 0);
	}
	inject(frame, make_datagram(frame, 99, UDP_PORT, text, sizeof(text)));
	assert_int_equal(expect_event(IX_EV_UDP_RECV).udp_recv.port, 99);
	assert_int_equal(world->stat.drop_udp_full, MORE);
	assert_int_equal(call_on(IX_CALL_CLOSE, u), 0);
}

/* The table of flows is full. When one has ended there is room again. */
static void connections_without_a_slot(void **state)
{
	struct peer q[2 * FLOWS_PER_PAGE], late = peer(9000, PORT);
	struct flow_table *t = &world_group->flows;
	uint32_t n = 0, most = t->max_pages;

	(void)state;
	t->max_pages = t->npages;
	while (t->nfree) {
		q[n] = peer(5000 + n, PORT);
		assert_int_equal(accept_flow((peer_opens(&q[n]), expect_event(IX_EV_KNOCK).handle), n), 0);
		n++;
	}
	peer_send(&late, SYN, NULL, 0);
	peer_silent();
	assert_int_equal(world->stat.drop_flows, 1);
	assert_int_equal(connect_to(PEER_IP, 99, 1), -E_NO_MEM);
	peer_send(&q[0], RST, NULL, 0);
	expect_event(IX_EV_DEAD);
	cycle();
	peer_raw(&late, SYN, late.seq - 1, NULL, 0); /* it tries again */
	peer_get(&late, SYN | ACK);
	peer_send(&late, RST, NULL, 0);
	for (uint32_t i = 1; i < n; i++) {
		peer_send(&q[i], RST, NULL, 0);
		expect_event(IX_EV_DEAD);
	}
	cycle();
	t->max_pages = most;
	assert_int_equal(world->stat.drop_flows, 1);
}

/* More small pieces than a descriptor may name have to be copied together, and there is no memory for it: they go later. */
static void segments_that_cannot_be_copied(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 10), 10);
	peer_get(&p, ACK);
	p.window = 0;
	peer_acks(&p);
	expect_event(IX_EV_SENT);
	for (uint32_t i = 0; i < PIECES; i += IX_SG_MAX) {
		struct ix_sg sg[IX_SG_MAX];
		for (uint32_t k = 0; k < IX_SG_MAX; k++) {
			sg[k] = (struct ix_sg){ IX_HEAP + (i + k) * 100, PIECE };
			memset(heap((i + k) * 100), 'a' + (i + k) % 26, PIECE);
		}
		assert_int_equal(send_pieces(h, sg, IX_SG_MAX), IX_SG_MAX * PIECE);
	}
	peer_silent();
	machine_slab_most = 300;
	p.window = 65535;
	peer_acks(&p);
	peer_silent();
	assert_true(world->stat.drop_tx_nomem > 0);
	machine_slab_most = SIZE_MAX;
	pass(5000000);
	struct seg s = peer_get(&p, ACK);
	for (uint32_t got = 0;; s = peer_get(&p, ACK)) {
		for (uint32_t i = 0; i < s.len; i++, got++)
			assert_int_equal(s.data[i], 'a' + got / PIECE % 26);
		peer_acks(&p);
		if (got == PIECES * PIECE)
			break;
	}
	assert_true(world->stat.tx_copied_bytes > 0);
	uint32_t told = 0;
	while (told < PIECES * PIECE)
		told += expect_event(IX_EV_SENT).sent.bytes;
	assert_int_equal(told, PIECES * PIECE);
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(datagrams_that_are_damaged),
		ON_FLOW(datagrams_that_nobody_takes),
		ON_FLOW(connections_without_a_slot),
		ON_FLOW(segments_that_cannot_be_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
