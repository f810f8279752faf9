/* SPDX-License-Identifier: MIT */
/* How connections end: FINs in every order, resets, TIME_WAIT and who may take its place. */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 77, MSL2_US = 2000000 };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	return 0;
}

static void expect_dead(int32_t reason)
{
	struct ix_event ev = expect_event(IX_EV_DEAD);

	assert_int_equal(ev.cookie, COOKIE);
	assert_int_equal(ev.dead.reason, reason);
	expect_no_event();
	assert_int_equal(call_on(IX_CALL_SHUTDOWN, h), -E_BAD_HANDLE);
}

static void expect_fin(void)
{
	struct ix_event ev = expect_event(IX_EV_RECV);

	assert_int_equal(ev.recv.len, 0);
	assert_int_equal(ev.recv.flags, IX_RECV_FIN);
}

/* ---- Orders of FINs ---- */

static void the_peer_closes_first(void **state)
{
	(void)state;
	peer_closes_first(&p, h, COOKIE);
	assert_int_equal(world_group->nwaiting, 0);
}

static void we_close_first(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_acks(&p);
	expect_no_event();
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_dead(0);
	assert_int_equal(world_group->nwaiting, 1);
	pass(2 * MSL2_US);
	assert_int_equal(world_group->nwaiting, 0);
}

static void both_close_at_once(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	struct seg s;
	assert_true(next_segment(&s));
	assert_int_equal(s.flags, FIN | ACK);
	peer_send(&p, FIN | ACK, NULL, 0); /* it has not seen ours */
	p.ack++;
	peer_get(&p, ACK);
	expect_no_event();
	peer_acks(&p);
	expect_dead(0);
	assert_int_equal(world_group->nwaiting, 1);
}

static void the_peers_fin_acknowledges_ours(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_dead(0);
}

static void a_fin_that_comes_again_is_acknowledged_again(void **state)
{
	(void)state;
	we_close_first(state);
	assert_int_equal(world_group->flows.nused, 0);
	p = peer(4001, PORT);
	h = peer_accepted(&p, COOKIE);
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_dead(0);
	peer_raw(&p, FIN | ACK, p.seq - 1, NULL, 0);
	peer_get(&p, ACK);
}

/* Half closed by us: the peer goes on, and what it says is still heard. */
static void data_comes_after_our_fin(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_SHUTDOWN, h), 0);
	peer_get(&p, FIN | ACK);
	peer_acks(&p);
	peer_send(&p, PSH | ACK, "more", 4);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_memory_equal(recv_bytes(&ev), "more", 4);
	assert_int_equal(recv_done(h, 4), 0);
	drain();
	peer_send(&p, FIN | ACK, NULL, 0);
	expect_fin();
	expect_dead(0);
}

/* Half closed by the peer: it still gets what we say. */
static void data_goes_after_the_peers_fin(void **state)
{
	(void)state;
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_fin();
	assert_int_equal(send_heap(h, 0, 5000), 5000);
	uint32_t got = 0;
	while (got < 5000) {
		struct seg s = peer_get(&p, ACK);
		got += s.len;
		peer_acks(&p);
	}
	cycle();
	uint32_t told = 0;
	while (have_event())
		told += expect_event(IX_EV_SENT).sent.bytes;
	assert_int_equal(told, 5000);
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_acks(&p);
	expect_dead(0);
}

/* ---- Close and data ---- */

static void what_was_queued_is_delivered_before_the_fin(void **state)
{
	enum { TOTAL = 40000 };
	uint32_t got = 0, told = 0;
	struct seg s;
	bool fin = false;

	(void)state;
	for (uint32_t i = 0; i < TOTAL; i++)
		heap(0)[i] = i % 251;
	assert_int_equal(send_heap(h, 0, TOTAL), TOTAL);
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	while (!fin) {
		assert_true(next_segment(&s));
		assert_int_equal(s.seq, p.ack);
		assert_memory_equal(s.data, heap(got), s.len);
		got += s.len;
		fin = s.flags & FIN;
		p.ack += s.len + fin;
		peer_acks(&p);
	}
	assert_int_equal(got, TOTAL);
	peer_send(&p, FIN | ACK, NULL, 0);
	struct ix_event ev;
	while ((ev = next_event()).type == IX_EV_SENT)
		told += ev.sent.bytes;
	assert_int_equal(ev.type, IX_EV_DEAD);
	assert_int_equal(ev.dead.reason, 0);
	assert_int_equal(told, TOTAL);
	drain();
}

static int send_and_close(uint32_t off, uint32_t len)
{
	*(struct ix_sg *)machine_user(PROGRAM) = (struct ix_sg){ IX_HEAP + off, len };
	return call((struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { PROGRAM, 1, IX_SEND_CLOSE } });
}

static void an_answer_and_its_fin_are_one_segment(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "unread", 6);
	expect_event(IX_EV_RECV);
	drain();
	assert_int_equal(send_and_close(0, 100), 100);
	assert_int_equal(send_heap(h, 0, 1), -E_CLOSED);
	struct seg s = peer_get(&p, FIN | ACK);
	assert_int_equal(s.len, 100);
	peer_send(&p, FIN | ACK, NULL, 0);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 100);
	expect_dead(0);
	drain();
}

/* What was not taken is still to be sent: the flow stays open. */
static void it_closes_only_when_all_was_taken(void **state)
{
	enum { TOTAL = 1 << 20 };
	struct seg s;
	bool fin = false;

	(void)state;
	uint32_t sent = send_and_close(0, TOTAL), got = 0;
	assert_in_range(sent, 1, TOTAL - 1);
	while (!fin) {
		assert_true(next_segment(&s));
		assert_int_equal(s.seq, p.ack);
		got += s.len;
		fin = s.flags & FIN;
		p.ack += s.len + fin;
		peer_acks(&p);
		while (have_event())
			expect_event(IX_EV_SENT);
		if (sent < TOTAL)
			sent += send_and_close(sent, TOTAL - sent);
	}
	assert_int_equal(got, TOTAL);
	peer_send(&p, FIN | ACK, NULL, 0);
	while (have_event())
		expect_event(IX_EV_SENT);
	cycle();
	while (have_event() && next_event().type == IX_EV_SENT)
		;
	drain();
}

/* Received bytes that nobody has done with do not turn the FIN into a RST. */
static void unread_data_does_not_spoil_the_close(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "unread", 6);
	expect_event(IX_EV_RECV);
	peer_send(&p, PSH | ACK, "undelivered", 11);
	drain();
	while (have_event())
		next_event();
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	struct seg s;
	assert_true(next_segment(&s));
	while (!(s.flags & FIN))
		assert_true(next_segment(&s));
	assert_int_equal(s.flags & ~PSH, FIN | ACK);
	p.ack = s.seq + 1;
	peer_send(&p, FIN | ACK, NULL, 0);
	expect_dead(0);
	drain();
}

static void data_after_close_is_answered_with_rst(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_acks(&p);
	cycle();
	peer_send(&p, PSH | ACK, "too late", 8);
	struct seg s;
	assert_true(next_segment(&s));
	assert_true(s.flags & RST);
	struct ix_event ev = expect_event(IX_EV_DEAD);
	assert_int_equal(ev.cookie, COOKIE);
	expect_no_event();
}

static void lent_buffers_may_be_given_back_while_closing(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "lent", 4);
	expect_event(IX_EV_RECV);
	drain();
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	assert_int_equal(recv_done(h, 4), 0);
	assert_int_equal(world->bufs.count[BUF_APP], 0);
	peer_send(&p, FIN | ACK, NULL, 0);
	expect_dead(0);
	drain();
}

/* The last ACK is lost for long: the flow waits for it, and says FIN again. */
static void a_lost_last_ack_is_asked_for(void **state)
{
	(void)state;
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_fin();
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	pass(6000000);
	expect_no_event();
	struct seg s;
	assert_true(next_segment(&s));
	assert_true(s.flags & FIN);
	drain();
	peer_acks(&p);
	expect_dead(0);
}

static void a_peer_that_vanishes_while_we_close(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 1000), 1000);
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	pass(200000000);
	drain();
	expect_dead(-E_TIMED_OUT);
}

/* ---- Resets ---- */

static void the_peer_resets(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 100), 100);
	drain();
	peer_send(&p, RST, NULL, 0);
	expect_dead(-E_RESET);
}

static void a_reset_outside_the_window_is_not_believed(void **state)
{
	(void)state;
	peer_raw(&p, RST, p.seq - 1, NULL, 0);
	peer_raw(&p, RST, p.seq + 100000, NULL, 0);
	expect_no_event();
	drain();
	peer_closes_first(&p, h, COOKIE);
}

static void a_syn_in_the_middle_is_not_believed(void **state)
{
	(void)state;
	peer_raw(&p, SYN, p.seq + 10, NULL, 0);
	peer_raw(&p, SYN | ACK, p.seq, NULL, 0);
	expect_no_event();
	drain();
	peer_closes_first(&p, h, COOKIE);
}

/* Before it was accepted: a reset, and no event; with what it had sent. */
static void a_rejected_flow_is_reset(void **state)
{
	(void)state;
	struct peer q = peer(4009, PORT);
	peer_opens(&q);
	ix_handle_t knock = expect_event(IX_EV_KNOCK).handle;
	peer_send(&q, PSH | ACK, "hello", 5);
	pass(600000);
	peer_get(&q, ACK);
	assert_int_equal(call_on(IX_CALL_REJECT, knock), 0);
	struct seg s;
	assert_true(next_segment(&s));
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.dport, q.port);
	expect_no_event();
	assert_int_equal(accept_flow(knock, 1), -E_BAD_HANDLE);
	assert_int_equal(world_group->flows.nused, 1);
	assert_int_equal(world->bufs.count[BUF_STACK], 0);
	peer_closes_first(&p, h, COOKIE);
}

static void we_abort(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 100), 100);
	drain();
	assert_int_equal(call_on(IX_CALL_ABORT, h), 0);
	struct seg s;
	assert_true(next_segment(&s));
	assert_true(s.flags & RST);
	expect_dead(-E_ABORTED);
}

static void a_reset_ends_a_close(void **state)
{
	(void)state;
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_send(&p, RST, NULL, 0);
	expect_dead(-E_RESET);
}

/* ---- TIME_WAIT ---- */


static void close_to_time_wait(void)
{
	assert_int_equal(call_on(IX_CALL_CLOSE, h), 0);
	peer_get(&p, FIN | ACK);
	peer_send(&p, FIN | ACK, NULL, 0);
	peer_get(&p, ACK);
	expect_dead(0);
	assert_int_equal(world_group->nwaiting, 1);
}

static void a_newer_syn_takes_its_place(void **state)
{
	(void)state;
	close_to_time_wait();
	struct peer q = p;
	q.seq = p.seq + 1;
	h = peer_accepted(&q, COOKIE);
	assert_int_equal(world->stat.timewait_reused, 1);
	assert_int_equal(world_group->nwaiting, 0);
	peer_closes_first(&q, h, COOKIE);
}

static void an_older_syn_does_not(void **state)
{
	(void)state;
	close_to_time_wait();
	struct peer q = p;
	q.seq = p.seq - 5000;
	peer_send(&q, SYN, NULL, 0);
	drain();
	assert_int_equal(world->stat.timewait_reused, 0);
	expect_no_event();
	assert_int_equal(world_group->nwaiting, 1);
}

/* A client that opens, is served and opens again from the same port, many times within 2 MSL. */
static void one_port_serves_many_connections(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		close_to_time_wait();
		p.seq += 1000;
		h = peer_accepted(&p, COOKIE);
		machine_us += 1000;
	}
	assert_int_equal(world->stat.timewait_reused, 100);
	peer_closes_first(&p, h, COOKIE);
}

static void stray_segments_do_not_wake_it(void **state)
{
	(void)state;
	close_to_time_wait();
	peer_raw(&p, PSH | ACK, p.seq, "stray", 5);
	peer_raw(&p, RST, p.seq + 100000, NULL, 0);
	peer_acks(&p);
	expect_no_event();
	drain();
	pass(2 * MSL2_US);
	assert_int_equal(world_group->nwaiting, 0);
}

/* ---- The program goes ---- */

static void flows_are_reset_when_the_program_ends(void **state)
{
	(void)state;
	world_setup(state);
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	h = peer_accepted(&p, COOKIE);
	peer_send(&p, PSH | ACK, "lent", 4);
	expect_event(IX_EV_RECV);
	assert_int_equal(send_heap(h, 0, 3000), 3000);
	struct peer half = peer(4001, PORT), knocking = peer(4002, PORT);
	drain();
	peer_send(&half, SYN, NULL, 0);
	peer_get(&half, SYN | ACK);
	peer_opens(&knocking);
	while (nic_sent())
		;
	dp_env_free(&machine_env);
	int resets = 0;
	const struct nic_frame *f;
	while ((f = nic_sent()))
		resets += (f->bytes[47] & RST) != 0;
	assert_true(resets >= 2);
	assert_null(machine_env.env_dp);
	assert_int_equal(machine_pages_used(), 1 + PROGRAM_PAGES + 1);
	world_config = (struct ix_config){ 0 };
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(the_peer_closes_first),
		ON_FLOW(we_close_first),
		ON_FLOW(both_close_at_once),
		ON_FLOW(the_peers_fin_acknowledges_ours),
		ON_FLOW(a_fin_that_comes_again_is_acknowledged_again),
		ON_FLOW(data_comes_after_our_fin),
		ON_FLOW(data_goes_after_the_peers_fin),
		ON_FLOW(what_was_queued_is_delivered_before_the_fin),
		ON_FLOW(an_answer_and_its_fin_are_one_segment),
		ON_FLOW(it_closes_only_when_all_was_taken),
		ON_FLOW(unread_data_does_not_spoil_the_close),
		ON_FLOW(data_after_close_is_answered_with_rst),
		ON_FLOW(lent_buffers_may_be_given_back_while_closing),
		ON_FLOW(a_lost_last_ack_is_asked_for),
		ON_FLOW(a_peer_that_vanishes_while_we_close),
		ON_FLOW(the_peer_resets),
		ON_FLOW(a_reset_outside_the_window_is_not_believed),
		ON_FLOW(a_syn_in_the_middle_is_not_believed),
		ON_FLOW(we_abort),
		ON_FLOW(a_rejected_flow_is_reset),
		ON_FLOW(a_reset_ends_a_close),
		ON_FLOW(a_newer_syn_takes_its_place),
		ON_FLOW(an_older_syn_does_not),
		ON_FLOW(one_port_serves_many_connections),
		ON_FLOW(stray_segments_do_not_wake_it),
		cmocka_unit_test(flows_are_reset_when_the_program_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
