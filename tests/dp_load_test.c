/* SPDX-License-Identifier: MIT */
/*
 * The dataplane under more than it can take: floods, full backlogs, no memory, no buffers, a full ring. What is
 * dropped is counted, what was there before goes on, and afterwards all is as it was.
 */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 77, MSS = 1460, MANY = 10000, FIRST_PORT = 1024 };

static struct peer p;
static ix_handle_t h;
static uint8_t text[MSS];

static int open_flow(void **state)
{
	world_setup(state);
	listen_on(PORT, 255, 5);
	p = peer(900, PORT);
	h = peer_accepted(&p, COOKIE);
	drain();
	return 0;
}

/* The flow that was there all the time still works, then ends. */
static void echo_and_close(void)
{
	drain();
	assert_false(have_event());
	peer_send(&p, PSH | ACK, "still", 5);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.cookie, COOKIE);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr, 5 }, 1), 5);
	assert_memory_equal(peer_get(&p, ACK).data, "still", 5);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 5);
	assert_int_equal(recv_done(h, 5), 0);
	peer_closes_first(&p, h, COOKIE);
}

/* ---- Handshakes ---- */

static void a_syn_flood_leaves_others_alone(void **state)
{
	(void)state;
	srand(3);
	for (uint32_t i = 0; i < 20000; i++) {
		struct peer q = peer(1 + rand() % 65535, PORT);
		q.ip = 0xc0a80000 + rand() % 65536;
		q.seq = rand();
		peer_send(&q, SYN, NULL, 0);
		if (i % 50 == 0) {
			cycle();
			machine_us += 1000;
		}
		if (i % 1000 == 0) {
			cycle();
			peer_send(&p, PSH | ACK, "!", 1);
			assert_int_equal(expect_event(IX_EV_RECV).cookie, COOKIE);
			assert_int_equal(recv_done(h, 1), 0);
		}
	}
	assert_true(world->stat.syn_cookies > 19000);
	assert_true(world_group->flows.nused <= 256);
	drain();
	struct peer real = peer(901, PORT);
	peer_opens(&real); /* at once, by a cookie */
	assert_int_equal(call_on(IX_CALL_REJECT, expect_event(IX_EV_KNOCK).handle), 0);
	drain();
	pass(60000000); /* half-open ones are given up */
	assert_int_equal(world_group->flows.nused, 1);
	while (nic_sent())
		;
	echo_and_close();
}

static void unlisten_ends_handshakes_and_knocks_stay(void **state)
{
	(void)state;
	ix_handle_t l = listen_on(81, 16, 6);
	struct peer half = peer(2000, 81), knocking = peer(2001, 81);
	peer_send(&half, SYN, NULL, 0);
	peer_get(&half, SYN | ACK);
	peer_opens(&knocking);
	ix_handle_t k = expect_event(IX_EV_KNOCK).handle;
	assert_int_equal(call_on(IX_CALL_UNLISTEN, l), 0);
	drain();
	peer_acks(&half);
	struct seg s;
	assert_true(next_segment(&s));
	assert_true(s.flags & RST);
	assert_int_equal(accept_flow(k, 1), 0);
	peer_closes_first(&knocking, k, 1);
	echo_and_close();
}

/* ---- Many flows ---- */

static void ten_thousand_flows(void **state)
{
	static struct peer q[MANY];
	static ix_handle_t handle[MANY];

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		q[i] = peer(FIRST_PORT + i, PORT);
		handle[i] = peer_accepted(&q[i], i);
	}
	assert_int_equal(world_group->flows.nused, MANY + 1);
	for (uint32_t n = 0; n < MANY; n++) {
		uint32_t i = n * 7919 % MANY;
		peer_send(&q[i], PSH | ACK, &i, sizeof(i));
		struct ix_event ev = expect_event(IX_EV_RECV);
		assert_int_equal(ev.cookie, i);
		assert_int_equal(ev.handle, handle[i]);
		assert_memory_equal(recv_bytes(&ev), &i, sizeof(i));
		assert_int_equal(recv_done(handle[i], sizeof(i)), 0);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		drain();
		peer_closes_first(&q[i], handle[i], i);
	}
	echo_and_close();
}

/* Ports are used again and again; we close first, so that TIME_WAIT fills up, too. */
static void flows_come_and_go(void **state)
{
	enum { ROUNDS = 20000, PORTS = 500 };
	static struct peer q[PORTS];

	(void)state;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct peer *one = &q[i % PORTS];
		uint32_t seq = one->seq + 100000;
		*one = peer(FIRST_PORT + i % PORTS, PORT);
		one->seq = i < PORTS ? one->seq : seq;
		ix_handle_t k = peer_accepted(one, i);
		assert_int_equal(call_on(IX_CALL_CLOSE, k), 0);
		peer_get(one, FIN | ACK);
		peer_send(one, FIN | ACK, NULL, 0);
		peer_get(one, ACK);
		assert_int_equal(expect_event(IX_EV_DEAD).cookie, i);
		machine_us += 100;
	}
	assert_true(world->stat.timewait_reused > ROUNDS / 2);
	pass(10000000);
	assert_int_equal(world_group->flows.nused, 1);
	assert_true(world_group->slab.pages < 20);
	echo_and_close();
}

/* ---- Memory ---- */

/* Only home is left to take from: new flows are refused, and the old one goes on. */
static void memory_for_flows_runs_out(void **state)
{
	static struct peer q[MANY * 3];
	uint32_t n = 0;

	(void)state;
	machine_pages_left = 0;
	while (world->stat.drop_rx_nomem == 0) {
		assert_true(n < ARRAY_SIZE(q));
		q[n] = peer(FIRST_PORT + n % 60000, PORT);
		q[n].ip += n / 60000 << 8;
		peer_send(&q[n], SYN, NULL, 0);
		cycle();
		machine_us += 100;
		struct seg s;
		if (!next_segment(&s))
			break;
		q[n].ack = s.seq + 1;
		peer_acks(&q[n]);
		assert_int_equal(accept_flow(expect_event(IX_EV_KNOCK).handle, n), 0);
		n++;
	}
	assert_true(world->stat.drop_rx_nomem > 0 && n > 1000);
	assert_int_equal(connect_to(PEER_IP, 99, 1), -E_NO_MEM);
	assert_int_equal(send_heap(h, 0, 10), -E_NO_MEM);
	for (uint32_t i = 0; i < n; i++) {
		peer_send(&q[i], RST, NULL, 0);
		assert_int_equal(expect_event(IX_EV_DEAD).cookie, i);
	}
	machine_pages_left = 1000;
	pass(100000);
	echo_and_close();
	machine_pages_left += 1u << 20;
}

/* TIME_WAIT makes room when memory is short. */
static void time_wait_yields_its_memory(void **state)
{
	(void)state;
	machine_pages_left = 0;
	for (uint32_t i = 0; world->stat.timewait_reclaimed < 100; i++) {
		assert_true(i < 60000);
		struct peer one = peer(FIRST_PORT + i, PORT);
		ix_handle_t k = peer_accepted(&one, i);
		assert_int_equal(call_on(IX_CALL_CLOSE, k), 0);
		peer_get(&one, FIN | ACK);
		peer_send(&one, FIN | ACK, NULL, 0);
		peer_get(&one, ACK);
		assert_int_equal(expect_event(IX_EV_DEAD).cookie, i);
		machine_us += 10;
	}
	machine_pages_left = 1u << 20;
	pass(10000000);
	echo_and_close();
}

/* ---- Receive buffers ---- */

/*
 * A program that holds on to every buffer: data is refused in the end, but acknowledgements still come in, so
 * that what it has lent to its own transmissions comes back.
 */
static void a_program_that_holds_every_buffer(void **state)
{
	enum { FLOWS = 50 };
	static struct peer q[FLOWS];
	static ix_handle_t handle[FLOWS];
	struct ix_event ev;
	uint32_t first = 0, lent[FLOWS] = { 0 };

	(void)state;
	for (int i = 0; i < FLOWS; i++) {
		q[i] = peer(2000 + i, PORT);
		handle[i] = peer_accepted(&q[i], i);
	}
	drain();
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < FLOWS; i++)
			peer_raw(&q[i], PSH | ACK, q[i].seq + lent[i], text, MSS);
		for (int i = 0; i < 4; i++)
			cycle();
		while (have_event()) {
			ev = expect_event(IX_EV_RECV);
			first = first ? first : ev.recv.addr;
			lent[ev.cookie] += ev.recv.len;
		}
		while (nic_sent())
			;
	}
	assert_true(world->stat.drop_rx_nobuf > 0);
	assert_true(world->bufs.count[BUF_FREE] + world->bufs.count[BUF_NIC] <= BUF_RESERVE);

	/* What one of them sends from such a buffer is acknowledged, by a segment whose own payload is refused. */
	assert_int_equal(send_pieces(handle[0], &(struct ix_sg){ first, 100 }, 1), 100);
	drain();
	q[0].seq += lent[0];
	q[0].ack += 100;
	peer_raw(&q[0], PSH | ACK, q[0].seq, text, MSS);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 100);

	for (int i = 0; i < FLOWS; i++)
		assert_int_equal(recv_done(handle[i], lent[i]), 0);
	drain();
	peer_send(&q[0], PSH | ACK, text, MSS); /* again, and now it is taken */
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, MSS);
	for (int i = 0; i < FLOWS; i++) {
		if (i > 0)
			q[i].seq += lent[i];
		peer_send(&q[i], RST, NULL, 0);
		assert_int_equal(expect_event(IX_EV_DEAD).cookie, i);
	}
	echo_and_close();
}

/* Holes that never fill hold buffers in the stack; when buffers run low they are given up. */
static void out_of_order_data_is_shed(void **state)
{
	enum { FLOWS = 60 };
	static struct peer q[FLOWS];

	(void)state;
	for (int i = 0; i < FLOWS; i++) {
		q[i] = peer(2000 + i, PORT);
		peer_accepted(&q[i], i);
	}
	drain();
	for (int n = 0; n < 45; n++) {
		for (int i = 0; i < FLOWS; i++)
			peer_raw(&q[i], PSH | ACK, q[i].seq + 10 + n * 1000, text, 1000);
		for (int i = 0; i < 3; i++)
			cycle();
		while (nic_sent())
			;
		assert_int_equal(world->bufs.count[BUF_FREE] + world->bufs.count[BUF_NIC] + world->bufs.count[BUF_STACK],
				 world->bufs.n);
	}
	for (int i = 0; i < 100; i++)
		cycle();
	assert_false(buf_is_low(&world->bufs));
	expect_no_event();
	for (int tries = 0; tries < 64 && !have_event(); tries++) { /* the gap's own data finds room in the end */
		peer_raw(&q[0], PSH | ACK, q[0].seq, text, 10);
		cycle();
	}
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.cookie, 0);
	while (have_event())
		next_event();
	assert_int_equal(call_on(IX_CALL_ABORT, ev.handle), 0);
	expect_event(IX_EV_DEAD);
	for (int i = 1; i < FLOWS; i++) {
		peer_send(&q[i], RST, NULL, 0);
		expect_event(IX_EV_DEAD);
	}
	drain();
	echo_and_close();
}

/* ---- The transmit ring ---- */

static void a_ring_that_does_not_empty(void **state)
{
	enum { FLOWS = 200 };
	static struct peer q[FLOWS];
	static ix_handle_t handle[FLOWS];
	uint32_t told[FLOWS] = { 0 }, done = 0;

	(void)state;
	for (int i = 0; i < FLOWS; i++) {
		q[i] = peer(2000 + i, PORT);
		handle[i] = peer_accepted(&q[i], i);
	}
	drain();
	nic.hold = true;
	for (int i = 0; i < FLOWS; i++)
		assert_int_equal(send_heap(handle[i], i * 4096, 2000), 2000);
	assert_true(world->stat.drop_tx_full > 0);
	nic.hold = false;
	nic_transmit();
	for (int round = 0; round < 200 && done < FLOWS; round++) {
		struct seg s;
		while (next_segment(&s)) {
			struct peer *one = &q[s.dport - 2000];
			if (s.seq == one->ack)
				one->ack += s.len;
			peer_acks(one);
		}
		pass(100000);
		while (have_event()) {
			struct ix_event ev = expect_event(IX_EV_SENT);
			told[ev.cookie] += ev.sent.bytes;
			done += told[ev.cookie] == 2000;
		}
	}
	assert_int_equal(done, FLOWS);
	drain();
	for (int i = 0; i < FLOWS; i++) {
		peer_send(&q[i], RST, NULL, 0);
		expect_event(IX_EV_DEAD);
	}
	echo_and_close();
}

/* A batch bound of one is slow, and right. */
static void one_frame_at_a_time(void **state)
{
	world_config.batch = 1;
	open_flow(state);
	for (int i = 0; i < 50; i++)
		peer_send(&p, PSH | ACK, "x", 1);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(run(0), 1);
		assert_int_equal(expect_event(IX_EV_RECV).recv.len, 1);
	}
	expect_no_event();
	assert_int_equal(recv_done(h, 50), 0);
	echo_and_close();
	world_close();
}

/* DESIGN.md's fast path: nothing that comes or goes in the ordinary way needs what other CPUs guard. */
static void busy_cycles_take_no_lock(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		uint32_t before = machine_locks;
		peer_send(&p, PSH | ACK, "again", 5);
		struct ix_event ev = expect_event(IX_EV_RECV);
		assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr, 5 }, 1), 5);
		peer_get(&p, ACK);
		peer_acks(&p);
		assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 5);
		assert_int_equal(recv_done(h, 5), 0);
		assert_int_equal(machine_locks, before);
	}
	echo_and_close();
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(a_syn_flood_leaves_others_alone),
		ON_FLOW(unlisten_ends_handshakes_and_knocks_stay),
		ON_FLOW(ten_thousand_flows),
		ON_FLOW(flows_come_and_go),
		ON_FLOW(memory_for_flows_runs_out),
		ON_FLOW(time_wait_yields_its_memory),
		ON_FLOW(a_program_that_holds_every_buffer),
		ON_FLOW(out_of_order_data_is_shed),
		ON_FLOW(a_ring_that_does_not_empty),
		ON_FLOW(busy_cycles_take_no_lock),
		cmocka_unit_test(one_frame_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
