/* SPDX-License-Identifier: MIT */
/* TCP through the whole dataplane: handshakes and data, as a peer sees them segment by segment. */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 77 };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	world_setup(state);
	listen_on(PORT, 16, 5);
	p = peer(4000, PORT);
	h = peer_accepted(&p, COOKIE);
	peer_silent();
	return 0;
}

static void a_handshake_makes_a_knock(void **state)
{
	(void)state;
	ix_handle_t l = listen_on(PORT, 1, 5);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	struct seg s = peer_get(&p, SYN | ACK);
	assert_int_equal(s.mss, 1460);
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
	assert_int_equal(call_on(IX_CALL_UNLISTEN, l), 0);
}

static void an_echo(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "hello", 5);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.cookie, COOKIE);
	assert_memory_equal(recv_bytes(&ev), "hello", 5);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr, 5 }, 1), 5);
	struct seg s = peer_get(&p, ACK);
	assert_int_equal(s.len, 5);
	assert_memory_equal(s.data, "hello", 5);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 5);
	assert_int_equal(recv_done(h, 5), 0);
	peer_closes_first(&p, h, COOKIE);
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_handshake_makes_a_knock),
		ON_FLOW(an_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
