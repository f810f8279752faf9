/* SPDX-License-Identifier: MIT */
/* Events: their order, exactly one dead for each flow, what waits when the array is full; and the program's timers. */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 9, MANY = 1500 };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	world_setup(state);
	listen_on(PORT, 255, 5);
	p = peer(4000, PORT);
	h = peer_accepted(&p, COOKIE);
	return 0;
}

/* ---- Order ---- */

static void what_happens_in_one_cycle_comes_in_order(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 10), 10);
	p.ack += 10;
	peer_send(&p, PSH | ACK, "a", 1);
	peer_send(&p, PSH | ACK, "bb", 2);
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_send(&p, RST, NULL, 0);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.len, 1);
	assert_int_equal(ev.recv.flags, 0);
	ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.len, 2);
	assert_int_equal(ev.recv.flags, IX_RECV_FIN);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 10);
	ev = expect_event(IX_EV_DEAD);
	assert_int_equal(ev.dead.reason, -E_RESET);
	assert_int_equal(ev.cookie, COOKIE);
	expect_no_event();
}

static void data_that_comes_before_accept_waits(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_opens(&p);
	peer_send(&p, PSH | ACK, "early", 5);
	peer_send(&p, PSH | ACK, "last", 4);
	peer_send(&p, FIN | ACK, NULL, 0);
	while (nic_waiting(0))
		cycle_without_app();
	h = expect_event(IX_EV_KNOCK).handle;
	expect_no_event();
	assert_int_equal(accept_flow(h, COOKIE), 0);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.cookie, COOKIE);
	assert_int_equal(ev.recv.flags, 0);
	assert_memory_equal(recv_bytes(&ev), "early", 5);
	ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.flags, IX_RECV_FIN);
	assert_memory_equal(recv_bytes(&ev), "last", 4);
	expect_no_event();
	assert_int_equal(call_on(IX_CALL_ABORT, h), 0);
	assert_int_equal(expect_event(IX_EV_DEAD).dead.reason, -E_ABORTED);
}

/* One that knocked, and was gone before the program looked, is never heard of. */
static void a_knock_withdrawn_in_time_is_not_told(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, SYN | ACK);
	peer_acks(&p);
	peer_send(&p, RST, NULL, 0);
	expect_no_event();
}

/* One that is reset after its knock: no handle is left to accept, and no dead follows. */
static void a_knock_withdrawn_later_leaves_a_bad_handle(void **state)
{
	(void)state;
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	peer_opens(&p);
	h = expect_event(IX_EV_KNOCK).handle;
	peer_send(&p, RST, NULL, 0);
	expect_no_event();
	assert_int_equal(accept_flow(h, COOKIE), -E_BAD_HANDLE);
	assert_int_equal(call_on(IX_CALL_REJECT, h), -E_BAD_HANDLE);
	expect_no_event();
}

/* ---- Sent, and dead, wait for the NIC ---- */

static void sent_waits_until_no_descriptor_can_read_the_bytes(void **state)
{
	(void)state;
	drain();
	nic.hold = true;
	assert_int_equal(send_heap(h, 0, 1000), 1000);
	p.ack += 1000; /* a peer that acknowledges what has not left may be right: it may have had a copy */
	peer_acks(&p);
	expect_no_event();
	expect_no_event();
	nic.hold = false;
	nic_transmit();
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 1000);
	drain();
	call_on(IX_CALL_ABORT, h);
	expect_event(IX_EV_DEAD);
}

static void dead_waits_for_the_nic_too(void **state)
{
	(void)state;
	drain();
	nic.hold = true;
	assert_int_equal(send_heap(h, 0, 1000), 1000);
	peer_send(&p, RST, NULL, 0);
	expect_no_event();
	nic.hold = false;
	nic_transmit();
	assert_int_equal(expect_event(IX_EV_DEAD).dead.reason, -E_RESET);
	expect_no_event();
}

/* What it lent can be looked at until the program has done the next calls. */
static void lent_bytes_outlive_dead_by_one_call(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "last words", 10);
	peer_send(&p, RST, NULL, 0);
	struct ix_event ev = expect_event(IX_EV_RECV);
	expect_event(IX_EV_DEAD);
	assert_int_equal(world->bufs.count[BUF_APP], 1);
	assert_memory_equal(recv_bytes(&ev), "last words", 10);
	cycle();
	assert_int_equal(world->bufs.count[BUF_APP], 0);
}

/* ---- A full array ---- */

static void events_that_do_not_fit_wait(void **state)
{
	static uint32_t got[MANY];
	uint32_t total = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t word = i;
		peer_send(&p, PSH | ACK, &word, 1 + i % 4);
		if (i % 32 == 31)
			cycle_without_app();
	}
	cycle_without_app();
	assert_false(have_event());
	assert_int_equal(run(0), IX_NEVENTS);
	assert_int_equal(run(0), MANY - IX_NEVENTS);
	for (uint32_t i = 0; i < MANY; i++) {
		struct ix_event ev = expect_event(IX_EV_RECV);
		assert_int_equal(ev.recv.len, 1 + i % 4);
		got[i] = *recv_bytes(&ev);
		assert_int_equal(got[i], i & 0xff);
		total += ev.recv.len;
	}
	expect_no_event();
	assert_int_equal(recv_done(h, total), 0);
	drain();
	peer_send(&p, RST, NULL, 0);
	expect_event(IX_EV_DEAD);
}

/* Many flows with news at once, and their resets: each gets its turn, and each exactly one dead. */
static void full_arrays_lose_no_death(void **state)
{
	static struct peer peers[MANY];
	static uint8_t dead[MANY];

	(void)state;
	listen_on(PORT, 255, 5);
	memset(dead, 0, sizeof(dead));
	for (uint32_t i = 0; i < MANY; i++) {
		peers[i] = peer(1000 + i, PORT);
		peer_accepted(&peers[i], i);
	}
	drain();
	for (uint32_t i = 0; i < MANY; i++) {
		peer_send(&peers[i], PSH | ACK, "x", 1);
		peer_send(&peers[i], RST, NULL, 0);
		if (i % 32 == 31)
			cycle_without_app();
	}
	assert_int_equal(run(0), IX_NEVENTS);
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		struct ix_event ev = next_event();
		assert_int_equal(ev.cookie, i / 2); /* first come, first served */
		if (ev.type == IX_EV_RECV)
			assert_int_equal(dead[ev.cookie], 0);
		else
			dead[ev.cookie]++;
	}
	expect_no_event();
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(dead[i], 1);
}

/* ---- Timers ---- */

static int set_timer(uint32_t id, uint32_t us, uint32_t cookie)
{
	return call((struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { id, us, cookie } });
}

static void timers_fire_once_when_due(void **state)
{
	(void)state;
	assert_int_equal(set_timer(3, 10000, 33), 0);
	machine_us += 9999;
	expect_no_event();
	machine_us += 1;
	struct ix_event ev = expect_event(IX_EV_TIMER);
	assert_int_equal(ev.timer.id, 3);
	assert_int_equal(ev.cookie, 33);
	machine_us += 100000;
	expect_no_event();
}

static void a_timer_of_zero_is_due_at_once(void **state)
{
	(void)state;
	assert_int_equal(set_timer(0, 0, 1), 0);
	expect_event(IX_EV_TIMER);
	expect_no_event();
}

static void timers_can_be_replaced_and_cleared(void **state)
{
	(void)state;
	set_timer(1, 1000, 1);
	set_timer(1, 5000, 2);
	set_timer(2, 1000, 3);
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_TIMER_CLEAR, .timer = { 2, 0, 0 } }), 0);
	machine_us += 1000;
	expect_no_event();
	machine_us += 4000;
	assert_int_equal(expect_event(IX_EV_TIMER).cookie, 2);
	expect_no_event();
}

static void the_longest_timer_does_not_wrap(void **state)
{
	(void)state;
	set_timer(7, 0xffffffff, 1);
	cycle();
	machine_us += 0xfffffffe;
	expect_no_event();
	machine_us += 1;
	expect_event(IX_EV_TIMER);
}

static void all_timers_at_once(void **state)
{
	bool seen[IX_NTIMERS] = { false };

	(void)state;
	for (uint32_t i = 0; i < IX_NTIMERS; i++)
		world->calls[i] = (struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { i, 1000 + i, i } };
	run(IX_NTIMERS);
	machine_us += 5000;
	for (int i = 0; i < IX_NTIMERS; i++) {
		struct ix_event ev = expect_event(IX_EV_TIMER);
		assert_int_equal(ev.cookie, ev.timer.id);
		assert_false(seen[ev.timer.id]);
		seen[ev.timer.id] = true;
	}
	expect_no_event();
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(what_happens_in_one_cycle_comes_in_order),
		IN_WORLD(data_that_comes_before_accept_waits),
		IN_WORLD(a_knock_withdrawn_in_time_is_not_told),
		IN_WORLD(a_knock_withdrawn_later_leaves_a_bad_handle),
		ON_FLOW(sent_waits_until_no_descriptor_can_read_the_bytes),
		ON_FLOW(dead_waits_for_the_nic_too),
		ON_FLOW(lent_bytes_outlive_dead_by_one_call),
		ON_FLOW(events_that_do_not_fit_wait),
		IN_WORLD(full_arrays_lose_no_death),
		IN_WORLD(timers_fire_once_when_due),
		IN_WORLD(a_timer_of_zero_is_due_at_once),
		IN_WORLD(timers_can_be_replaced_and_cleared),
		IN_WORLD(the_longest_timer_does_not_wrap),
		IN_WORLD(all_timers_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
