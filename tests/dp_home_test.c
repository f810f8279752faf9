/* SPDX-License-Identifier: MIT */
/*
 * Threads come and go, and each gets the home (kern/dp/member.c) that the last one left: memory, receive buffers, queue. It finds
 * nothing of the one before, whatever that one was at, and no round costs memory.
 */
#include "dp_peer.h"

enum { PORT = 80, UDP_PORT = 5000, NOWHERE = 0x0a000263, ROUNDS = 40, TIMER = 3, TIMER_US = 1000, FLOWS = 3 };

static ix_handle_t udp;
static struct peer clients[FLOWS];

static void arrays_are_empty(void)
{
	static const struct ix_event no_event;
	static const struct ix_call no_call;

	for (int i = 0; i < IX_NEVENTS; i++)
		assert_memory_equal(&world->events[i], &no_event, sizeof(no_event));
	for (int i = 0; i < IX_NCALLS; i++)
		assert_memory_equal(&world->calls[i], &no_call, sizeof(no_call));
}

static void join(void)
{
	struct ix_config config = { 0 };

	machine_run_on(2, 1);
	memcpy(machine_user(PROGRAM), &config, sizeof(config));
	assert_int_equal(dp_attach(&machine_thread[1], 2, PROGRAM), 0);
	world_on(1);
	arrays_are_empty();
	for (int i = 0; i < 8; i++) {
		world_on(i % 2);
		run_waiting(0); /* groups change hands */
	}
	world_on(1);
}

/* Everything that a thread can be at. */
static void leave_much_behind(int round)
{
	udp = 0;
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT, 5 } }), 0);
	udp = last_call.handle;
	for (int i = 0; i < FLOWS; i++) {
		clients[i] = peer_on(1, i ? clients[i - 1].port + 1 : 4000, PORT);
		if (i == FLOWS - 1)
			peer_opens(&clients[i]); /* a knock that nobody answers */
		else
			peer_accepted(&clients[i], i);
	}
	peer_send(&clients[0], PSH | ACK, "lent", 4);
	expect_event(IX_EV_KNOCK);
	expect_event(IX_EV_RECV);
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { TIMER, TIMER_US, 1 } }), 0);
	assert_true(connect_to(NOWHERE + round, 80, 9) >= 0); /* its SYN waits for a neighbour */
	memset(world->calls, 0xee, IX_NCALLS * sizeof(struct ix_call));
	assert_int_not_equal(world->events[0].type, 0);
	assert_int_equal(world->neigh.nkept, 1);
}

static void finds_nothing(void)
{
	assert_int_equal(world->bufs.n, BUFS_PER_SUPER);
	assert_int_equal(world->bufs.count[BUF_APP], 0);
	assert_int_equal(world->bufs.count[BUF_STACK], 0);
	assert_int_equal(world->neigh.nkept, 0);
	assert_int_equal(world->udp.nbound, 0);
	assert_int_equal(world->timer_us, NEVER_US);
	assert_int_equal(call_on(IX_CALL_CLOSE, udp), -E_BAD_HANDLE);
}

/* Its sibling goes on with its flows, and closes them. */
static void sibling_clears_up(void)
{
	world_on(0);
	for (int i = 0; i < 50 && (i < 4 || world->nflows); i++) {
		run_waiting(0);
		drain();
		while (have_event()) {
			struct ix_event ev = next_event();
			if (ev.type == IX_EV_MOVED && call_on(IX_CALL_ABORT, ev.handle) < 0)
				assert_int_equal(call_on(IX_CALL_REJECT, ev.handle), 0);
		}
	}
	assert_int_equal(world->nflows, 0);
}

static void each_finds_an_empty_home(void **state)
{
	size_t pages = 0;

	(void)state;
	world_open_threads(2);
	listen_on(PORT, 64, 1);
	peer_announces();
	cycle_all();
	for (int round = 0; round < ROUNDS; round++) {
		world_on(1);
		leave_much_behind(round);
		assert_int_equal(dp_detach(&machine_thread[1]), 0);
		sibling_clears_up();
		join();
		finds_nothing();
		assert_int_equal(call((struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { TIMER + 1, TIMER_US, 2 } }), 0);
		machine_us += 2 * TIMER_US;
		cycle();
		assert_int_equal(expect_event(IX_EV_TIMER).cookie, 2);
		expect_no_event();
		world_buffers_add_up();
		if (round < 2) /* slabs keep a page or two */
			pages = machine_pages_used();
		assert_int_equal(machine_pages_used(), pages);
	}
	world_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_finds_an_empty_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
