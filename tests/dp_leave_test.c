/* SPDX-License-Identifier: MIT */
/*
 * A thread leaves at once: it detaches, or dies, in the middle of traffic. Its flows go on with its sibling. Bytes that the
 * NIC had not read by then are the program's only when it has: the leaving thread waits for a slow NIC. Of one that is stuck
 * the ring is given up: nobody is told anything too early, and the next thread does not get that ring.
 */
#include "dp_peer.h"

#include <kern/dp/member.h>

enum { PORT = 80, BYTES = 500, SLOW_US = 9000 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_go_on_with_the_sibling),
		cmocka_unit_test(it_waits_for_a_slow_nic),
		cmocka_unit_test(a_stuck_ring_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
