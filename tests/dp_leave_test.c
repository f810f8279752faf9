/* SPDX-License-Identifier: MIT */
/*
 * A thread leaves at once: it detaches, or dies, in the middle of traffic. Its flows go on with its sibling. Bytes that the
 * NIC had not read by then are the program's only when it has: the leaving thread waits for a slow NIC. Of one that is stuck
 * the ring is given up: nobody is told anything too early, and the next thread does not get that ring.
 */
#include "dp_peer.h"

#include <kern/dp/member.h>

#include "lwip/priv/tcp_priv.h"

enum { PORT = 80, BYTES = 500, SLOW_US = 9000, FLOWS = 12, KNOCKERS = 150 };

static struct peer client;
static ix_handle_t handle;

/* Thread 1 has a flow, and has sent; the NIC has not read it. (The peer says that it got it: whatever a peer can say.) */
static void build(void)
{
	world_open_threads(2);
	listen_on(PORT, 16, 1);
	peer_announces();
	cycle_all();
	world_on(1);
	client = peer_on(1, 4000, PORT);
	handle = peer_accepted(&client, 7);
	nic.hold = true;
	assert_int_equal(send_heap(handle, 0, BYTES), BYTES);
}

static void peer_has_got_it(void)
{
	client.ack += BYTES;
	peer_acks(&client);
}

static void thread_1_leaves(void)
{
	world_on(1);
	assert_int_equal(dp_detach(&machine_thread[1]), 0);
	assert_null(machine_thread[1].env_dp);
	world_on(0);
}

static void flows_go_on_with_the_sibling(void **state)
{
	(void)state;
	build();
	nic.hold = false;
	nic_transmit();
	thread_1_leaves();
	assert_int_equal(expect_event(IX_EV_MOVED).handle, handle);
	assert_int_equal(peer_get(&client, ACK).len, BYTES);
	peer_acks(&client);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, BYTES);
	peer_send(&client, PSH | ACK, "more", 4);
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 4);
	assert_int_equal(recv_done(handle, 4), 0);
	peer_closes_first(&client, handle, 7);
	world_close();
}

static void it_waits_for_a_slow_nic(void **state)
{
	(void)state;
	build();
	nic.hold_until_us = machine_us + SLOW_US;
	peer_has_got_it();
	thread_1_leaves();
	assert_true(machine_us >= nic.hold_until_us);
	assert_int_equal(world_thread[1]->q->tx_head, world_thread[1]->q->tx_tail);
	expect_event(IX_EV_MOVED);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, BYTES);
	drain();
	peer_closes_first(&client, handle, 7);
	world_close();
}

static void a_stuck_ring_is_given_up(void **state)
{
	struct ix_config again = { 0 };

	(void)state;
	build();
	peer_has_got_it();
	thread_1_leaves();
	assert_true(world_thread[1]->stuck);
	assert_int_not_equal(world_thread[1]->q->tx_head, world_thread[1]->q->tx_tail);
	expect_event(IX_EV_MOVED);
	peer_raw(&client, RST | ACK, client.seq, NULL, 0);
	for (int i = 0; i < 20; i++)
		expect_no_event(); /* neither `sent` nor `dead` */
	nic.hold = false;
	nic_transmit();
	expect_no_event();
	drain();

	/* Nobody takes that ring over. */
	memcpy(machine_user(PROGRAM), &again, sizeof(again));
	assert_int_equal(dp_attach(&machine_thread[1], 2, PROGRAM), -E_NO_QUEUE);

	/* Others are served as ever, and the end is clean. */
	struct peer other = peer(5000, PORT);
	ix_handle_t h = peer_accepted(&other, 8);
	peer_closes_first(&other, h, 8);
	size_t own = 1 + PROGRAM_PAGES + 1;
	assert_int_equal(dp_detach(&machine_env), 0);
	assert_int_equal(machine_pages_used(), own);
	world_config = (struct ix_config){ 0 };
}

/* ---- Frames that came to it before their groups did ---- */

static struct flow_of {
	struct peer peer;
	ix_handle_t handle;
	uint32_t got;
} flows[FLOWS];

/* The program of each of the first n threads waits, and groups move. */
static void settle(int n)
{
	for (int i = 0; i < 4 * n; i++) {
		world_on(i % n);
		run_waiting(0);
	}
}

/* Threads 0 to 2; thread 1 has flows that are to go to thread 2, and cannot go yet, since the NIC has not read what it sent. */
static void build_three(void)
{
	world_open_threads(3);
	listen_on(PORT, 64, 1);
	peer_announces();
	for (int i = 0; i < FLOWS / 2; i++) /* thread 0 will have room for some of them, and get them when thread 2 leaves */
		plane_move_group(world->plane, i, 1);
	settle(2);
	world_on(1);
	for (int i = 0; i < FLOWS; i++) {
		flows[i].peer = peer_on(1, i ? flows[i - 1].peer.port + 1 : 4000, PORT);
		flows[i].handle = peer_accepted(&flows[i].peer, i);
		flows[i].got = 0;
	}
	uint64_t gone = world->stat.groups_out;
	nic.hold = true;
	assert_int_equal(send_heap(flows[0].handle, 0, BYTES), BYTES);
	for (int i = 0; i < FLOWS; i++)
		plane_move_group(world->plane, IX_HANDLE_GROUP(flows[i].handle), 2);
	run_waiting(0);
	assert_int_equal(world->stat.groups_out, gone);
}

static void all_send(const char *text)
{
	for (int i = 0; i < FLOWS; i++)
		peer_send(&flows[i].peer, PSH | ACK, text, strlen(text));
}

static void take_events(void)
{
	while (have_event()) {
		struct ix_event ev = next_event();
		if (ev.type != IX_EV_RECV)
			continue;
		uint32_t *got = &flows[ev.cookie].got;
		for (uint32_t i = 0; i < ev.recv.len; i++)
			assert_int_equal(recv_bytes(&ev)[i], "firstsecondthird"[(*got)++]);
	}
}

/* Those whose group goes back to where it is are among them. */
static void early_frames_are_handed_on(void **state)
{
	uint32_t at[3] = { 0 }, parked = 0;

	(void)state;
	build_three();
	all_send("first");
	world_on(2);
	cycle();
	assert_int_equal(world->stat.rx_parked, FLOWS);
	all_send("second");
	assert_int_equal(nic_waiting(2), FLOWS);
	assert_int_equal(dp_detach(&machine_thread[2]), 0);
	all_send("third");
	for (int i = 0; i < FLOWS; i++)
		at[world->plane->table[IX_HANDLE_GROUP(flows[i].handle)]]++;
	assert_true(at[0] > 0 && at[1] > 0 && at[2] == 0);

	nic.hold = false;
	nic_transmit();
	for (int i = 0; i < 20; i++) {
		world_on(i % 2);
		run_waiting(0);
		take_events();
	}
	for (int i = 0; i < FLOWS; i++) {
		struct fgroup *g = &world->plane->groups[IX_HANDLE_GROUP(flows[i].handle)];
		assert_int_equal(flows[i].got, strlen("firstsecondthird"));
		assert_ptr_equal(g->owner, world_thread[world->plane->table[g->index]]);
		world_on(g->owner->thread);
		assert_int_equal(recv_done(flows[i].handle, flows[i].got), 0);
		assert_int_equal(call_on(IX_CALL_ABORT, flows[i].handle), 0);
	}
	for (int t = 0; t < 3; t++) {
		parked += world_thread[t]->stat.rx_parked;
		assert_int_equal(world_thread[t]->stat.drop_rx_queue, 0);
		assert_int_equal(world_thread[t]->stat.tcp_rexmits, 0);
	}
	assert_true(parked > 0);
	world_buffers_add_up();

	/* The buffers that came with the frames are the next one's. */
	struct ix_config again = { 0 };
	machine_run_on(3, 2);
	memcpy(machine_user(PROGRAM), &again, sizeof(again));
	assert_int_equal(dp_attach(&machine_thread[2], 3, PROGRAM), 0);
	settle(3);
	world_on(2);
	assert_null(world->returned);
	assert_int_equal(world->bufs.n, BUFS_PER_SUPER);
	drain();
	world_close();
}

/* ---- What it has lent ---- */

static void send_datagram(uint32_t from, uint32_t to)
{
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { 9, 1 } }), 0);
	*(struct ix_sg *)machine_user(PROGRAM) = (struct ix_sg){ from, 10 };
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = last_call.handle, .udp_sendv = { PROGRAM, 1, to, 3000 } }), 10);
}

/* The flow that thread 1 had goes on. */
static void finish(void)
{
	expect_event(IX_EV_MOVED);
	drain();
	peer_has_got_it();
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, BYTES);
	peer_closes_first(&client, handle, 7);
	world_close();
}

/* The program has given up a page, which a datagram of that thread was sent from; the NIC reads it while the thread leaves. */
static void a_page_that_it_had_lent_comes_back(void **state)
{
	enum { PAGE = PROGRAM + PGSIZE };

	(void)state;
	build();
	send_datagram(PAGE, PEER_IP);
	machine_unmap(PAGE);
	assert_int_equal(page_nlent_free(), 1);
	nic.hold_until_us = machine_us + SLOW_US;
	thread_1_leaves();
	assert_int_equal(page_nlent_free(), 0);
	machine_map(PAGE, 1, PTE_U | PTE_W);
	finish();
}

/* A thread without flows: of its ring, too, nobody knows when the NIC will read it, and a page that it has lent stays lent. */
static void a_stuck_ring_may_hold_a_page(void **state)
{
	enum { PAGE = PROGRAM + PGSIZE };
	struct ix_config again = { 0 };

	(void)state;
	world_open_threads(2);
	peer_announces();
	for (uint32_t g = 0; g < world->plane->ngroups; g++)
		assert_int_equal(plane_move_group(world->plane, g, 0), 0);
	settle(2);
	world_on(1);
	assert_int_equal(world->ngroups, 0);
	nic.hold = true;
	send_datagram(PAGE, PEER_IP);
	machine_unmap(PAGE);
	thread_1_leaves();
	assert_true(world_thread[1]->stuck);
	assert_int_equal(page_nlent_free(), 1);
	memcpy(machine_user(PROGRAM), &again, sizeof(again));
	assert_int_equal(dp_attach(&machine_thread[1], 2, PROGRAM), -E_NO_QUEUE);
	assert_int_equal(page_nlent_free(), 1);
	nic.hold = false;
	nic_transmit();
	assert_int_equal(dp_detach(&machine_env), 0);
	assert_int_equal(page_nlent_free(), 0);
	world_config = (struct ix_config){ 0 };
}

static void what_waits_for_an_address_is_counted(void **state)
{
	(void)state;
	build();
	send_datagram(IX_HEAP, OUR_IP + 99);
	nic.hold = false;
	nic_transmit();
	thread_1_leaves();
	assert_int_equal(world_thread[1]->stat.drop_tx_neigh, 1);
	finish();
}

/* ---- Knocks ---- */

static void somebody_knocks(int thread)
{
	static uint16_t port = 6000;
	struct peer p = peer_on(thread, port + 1, PORT);

	port = p.port;
	peer_opens(&p);
}

/* How many that knock thread 0 counts. */
static uint32_t nknocking(void)
{
	uint32_t n = 0;

	for (int i = 0; i < NLISTENERS; i++) {
		const struct door *d = &world_thread[0]->doors[i];
		n += d->pcb ? d->pcb->accepts_pending : 0;
	}
	return n;
}

/* On both threads together there are more of them than a byte counts. */
static void all_that_knock_come_together(void **state)
{
	ix_handle_t knocking[2 * KNOCKERS];

	(void)state;
	world_open_threads(2);
	listen_on(PORT, 255, 1);
	peer_announces();
	cycle_all();
	for (int i = 0; i < 2 * KNOCKERS; i++) {
		world_on(i % 2);
		somebody_knocks(i % 2);
		knocking[i] = expect_event(IX_EV_KNOCK).handle;
	}
	assert_int_equal(nknocking(), KNOCKERS);
	thread_1_leaves();
	for (int i = 0; i < KNOCKERS; i++)
		expect_event(IX_EV_MOVED);
	assert_int_equal(nknocking(), 255);
	for (int i = 0; i < 2 * KNOCKERS; i++)
		assert_int_equal(accept_flow(knocking[i], i), 0);
	assert_int_equal(nknocking(), 0);
	for (int i = 0; i < 2 * KNOCKERS; i++)
		assert_int_equal(call_on(IX_CALL_ABORT, knocking[i]), 0);
	for (int i = 0; i < 2 * KNOCKERS; i++)
		expect_event(IX_EV_DEAD);
	drain();
	world_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_go_on_with_the_sibling),
		cmocka_unit_test(it_waits_for_a_slow_nic),
		cmocka_unit_test(a_page_that_it_had_lent_comes_back),
		cmocka_unit_test(what_waits_for_an_address_is_counted),
		cmocka_unit_test(all_that_knock_come_together),
		cmocka_unit_test(a_stuck_ring_is_given_up),
		cmocka_unit_test(a_stuck_ring_may_hold_a_page),
		cmocka_unit_test(early_frames_are_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
