/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies: handshakes for which the backlog had no place are finished all the same, by whoever had an answer, and by
 * nobody else. Their arithmetic is in syncookie_test.c, a flood in dp_load_test.c.
 */
#include "dp_peer.h"

enum { PORT = 80, BACKLOG = 4, PLACES = 3, COOKIE = 77, HALF_A_MINUTE = 32000000 };

static struct peer p;
static ix_handle_t listener;

/* A listener whose backlog is full but for the quarter that is kept, and a peer that was answered with a cookie. */
static int answered(void **state)
{
	world_setup(state);
	listener = listen_on(PORT, BACKLOG, 5);
	peer_announces();
	for (int i = 0; i < PLACES; i++) {
		struct peer other = peer(2000 + i, PORT);
		peer_send(&other, SYN, NULL, 0);
		peer_get(&other, SYN | ACK);
	}
	assert_int_equal(world->stat.syn_cookies, 0);
	p = peer(900, PORT);
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, SYN | ACK);
	assert_int_equal(world->stat.syn_cookies, 1);
	assert_int_equal(world_group->flows.nused, PLACES);
	return 0;
}

/* Whoever is left gives up. */
static int given_up(void **state)
{
	for (int i = 0; i < PLACES; i++) {
		struct peer other = peer(2000 + i, PORT);
		other.seq++;
		peer_send(&other, RST, NULL, 0);
	}
	peer_send(&p, RST, NULL, 0);
	drain();
	while (have_event())
		next_event();
	drain();
	return world_teardown(state);
}

static ix_handle_t resumed(void)
{
	struct ix_event ev = expect_event(IX_EV_KNOCK);

	assert_int_equal(world->stat.syn_resumed, 1);
	assert_int_equal(ev.knock.port, p.port);
	assert_int_equal(accept_flow(ev.handle, COOKIE), 0);
	return ev.handle;
}

static void expect_reset(void)
{
	struct seg s;

	assert_true(next_segment(&s));
	assert_int_equal(s.dport, p.port);
	assert_true(s.flags & RST);
	assert_int_equal(world->stat.syn_resumed, 0);
	expect_no_event();
}

/* ---- By who was answered ---- */

static void an_ack_finishes_it(void **state)
{
	(void)state;
	peer_acks(&p);
	ix_handle_t h = resumed();
	peer_silent();
	peer_closes_first(&p, h, COOKIE);
}

static void another_cpus_clock_may_be_ahead(void **state)
{
	(void)state;
	world->plane->cookie_tick += 2;
	peer_acks(&p);
	ix_handle_t h = resumed();
	peer_silent();
	peer_closes_first(&p, h, COOKIE);
}

static void data_finishes_it_too(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "first", 5);
	ix_handle_t h = resumed();
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.len, 5);
	assert_memory_equal(recv_bytes(&ev), "first", 5);
	assert_int_equal(recv_done(h, 5), 0);
	drain();
	peer_closes_first(&p, h, COOKIE);
}

static void what_it_can_take_at_once_is_remembered(void **state)
{
	struct peer small = peer(901, PORT);
	uint32_t len = 0;

	(void)state;
	small.mss = 600;
	peer_send(&small, SYN, NULL, 0);
	peer_get(&small, SYN | ACK);
	peer_acks(&small);
	p = small;
	ix_handle_t h = resumed();
	assert_int_equal(send_heap(h, 0, 1200), 1200);
	while (len < 1200) {
		struct seg s = peer_get(&small, ACK);
		assert_in_range(s.len, 1, 536);
		len += s.len;
	}
	peer_acks(&small);
	expect_event(IX_EV_SENT);
	peer_closes_first(&small, h, COOKIE);
}

static void it_waits_while_the_backlog_is_full(void **state)
{
	struct peer last = peer(902, PORT);

	(void)state;
	peer_send(&last, SYN, NULL, 0);
	peer_get(&last, SYN | ACK);
	peer_acks(&last); /* takes the place that is kept */
	cycle();
	drain();
	peer_raw(&p, ACK, p.seq, NULL, 0);
	cycle();
	peer_silent();
	assert_int_equal(world->stat.drop_backlog, 1);
	assert_int_equal(accept_flow(expect_event(IX_EV_KNOCK).handle, 1), 0);
	peer_send(&p, PSH | ACK, "again", 5); /* what a peer does that hears nothing */
	cycle();
	assert_int_equal(world->stat.syn_resumed, 2);
	ix_handle_t h = expect_event(IX_EV_KNOCK).handle;
	assert_int_equal(accept_flow(h, COOKIE), 0);
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 5);
	assert_int_equal(recv_done(h, 5), 0);
	peer_send(&last, RST, NULL, 0);
}

static void two_acks_are_one_connection(void **state)
{
	(void)state;
	peer_acks(&p);
	peer_acks(&p);
	ix_handle_t h = resumed();
	expect_no_event();
	peer_closes_first(&p, h, COOKIE);
}

static void time_wait_yields_to_it(void **state)
{
	(void)state;
	peer_acks(&p);
	ix_handle_t h = resumed();
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_event(IX_EV_DEAD);
	p.seq += 100000;
	peer_send(&p, SYN, NULL, 0);
	peer_get(&p, SYN | ACK);
	assert_int_equal(world->stat.syn_cookies, 2);
	peer_acks(&p);
	expect_event(IX_EV_KNOCK);
	assert_int_equal(world->stat.syn_resumed, 2);
}

/* ---- By nobody else ---- */

static void other_numbers_are_refused(void **state)
{
	static const int32_t off[] = { 1, 5, -100, 1 << 24 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		struct peer wrong = p;
		wrong.ack += off[i];
		peer_raw(&wrong, ACK, wrong.seq, NULL, 0);
		expect_reset();
		peer_raw(&p, ACK, p.seq + off[i], "later", 5);
		expect_reset();
	}
	struct peer other = p;
	other.ip++;
	peer_raw(&other, ACK, other.seq, NULL, 0);
	expect_reset();
	peer_acks(&p); /* all that has spoilt nothing */
	resumed();
}

static void it_does_not_keep(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		pass(HALF_A_MINUTE);
	drain();
	peer_acks(&p);
	expect_reset();
	pass(HALF_A_MINUTE);
	drain();
	peer_acks(&p);
	expect_reset();
	assert_int_equal(world->plane->cookie_tick, 0); /* nobody looks for cookies any more */
}

static void a_listener_that_is_gone_takes_nobody(void **state)
{
	struct seg s;

	(void)state;
	assert_int_equal(call_on(IX_CALL_UNLISTEN, listener), 0);
	drain();
	peer_acks(&p);
	assert_true(next_segment(&s));
	assert_true(s.flags & RST);
	expect_no_event();
}

#define ANSWERED(test) cmocka_unit_test_setup_teardown(test, answered, given_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ANSWERED(an_ack_finishes_it),
		ANSWERED(another_cpus_clock_may_be_ahead),
		ANSWERED(data_finishes_it_too),
		ANSWERED(what_it_can_take_at_once_is_remembered),
		ANSWERED(it_waits_while_the_backlog_is_full),
		ANSWERED(two_acks_are_one_connection),
		ANSWERED(time_wait_yields_to_it),
		ANSWERED(other_numbers_are_refused),
		ANSWERED(it_does_not_keep),
		ANSWERED(a_listener_that_is_gone_takes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
