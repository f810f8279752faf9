/* SPDX-License-Identifier: MIT */
/* Bytes sent from the program's own pages, UDP, and a CPU that halts. */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 7, PAGE = PROGRAM + PGSIZE };

static struct peer p;
static ix_handle_t h;

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	return 0;
}

/* ---- Own pages ---- */

static void own_pages_are_sent_from_where_they_are(void **state)
{
	(void)state;
	memcpy(machine_user(PAGE), "from my own page", 16);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ PAGE, 16 }, 1), 16);
	struct seg s = peer_get(&p, ACK);
	assert_memory_equal(s.data, "from my own page", 16);
	assert_int_equal(s.frame->piece[1].pa, PADDR(machine_user(PAGE)));
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 16);
	assert_int_equal(world->stat.tx_copied_bytes, 0);
	peer_closes_first(&p, h, COOKIE);
}

/* The peer asks again after the program has given the page up: it still gets the same bytes. */
static void a_page_given_up_waits_for_its_last_byte(void **state)
{
	(void)state;
	memcpy(machine_user(PAGE), "old bytes", 9);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ PAGE, 9 }, 1), 9);
	peer_get(&p, ACK);
	size_t before = machine_pages_used();
	machine_unmap(PAGE);
	assert_int_equal(machine_pages_used(), before);
	pass(4000000);
	p.ack -= 9;
	assert_memory_equal(peer_get(&p, ACK).data, "old bytes", 9);
	drain();
	peer_acks(&p);
	expect_event(IX_EV_SENT);
	cycle();
	assert_int_equal(machine_pages_used(), before - 1);
	machine_map(PAGE, 1, PTE_U | PTE_W);
	peer_closes_first(&p, h, COOKIE);
}

static void a_page_is_lent_until_its_own_bytes_are_acknowledged(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 0, 10), 10);
	peer_get(&p, ACK);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ PAGE, 9 }, 1), 9);
	peer_acks(&p); /* of the first ten only */
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 10);
	assert_int_equal(world_group->nloans, 1);
	peer_get(&p, ACK);
	peer_acks(&p);
	assert_int_equal(expect_event(IX_EV_SENT).sent.bytes, 9);
	assert_int_equal(world_group->nloans, 0);
	peer_closes_first(&p, h, COOKIE);
}

static void a_dead_flow_returns_its_pages(void **state)
{
	(void)state;
	assert_int_equal(send_pieces(h, (struct ix_sg[]){ { PAGE, 4096 }, { PAGE + 4096, 4096 } }, 2), 8192);
	drain();
	machine_unmap(PAGE);
	peer_send(&p, RST, NULL, 0);
	expect_event(IX_EV_DEAD);
	cycle();
	cycle();
	assert_int_equal(page_nlent_free(), 0);
	machine_map(PAGE, 1, PTE_U | PTE_W);
}

/* ---- UDP ---- */

static void send_datagram(uint16_t from, uint16_t to, const char *text)
{
	uint8_t frame[200];

	inject(frame, make_datagram(frame, from, to, text, strlen(text)));
}

static ix_handle_t bind_udp(uint16_t port)
{
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { port, COOKIE } }), 0);
	return last_call.handle;
}

static void datagrams_come_and_go(void **state)
{
	(void)state;
	peer_announces();
	ix_handle_t u = bind_udp(9);
	send_datagram(3000, 9, "a question");
	struct ix_event ev = expect_event(IX_EV_UDP_RECV);
	assert_int_equal(ev.cookie, COOKIE);
	assert_int_equal(ev.udp_recv.ip, PEER_IP);
	assert_int_equal(ev.udp_recv.port, 3000);
	assert_int_equal(ev.udp_recv.local_port, 9);
	assert_int_equal(ev.udp_recv.len, 10);
	assert_memory_equal(machine_user(ev.udp_recv.addr), "a question", 10);

	*(struct ix_sg *)machine_user(PROGRAM) = (struct ix_sg){ ev.udp_recv.addr, 10 };
	while (nic_sent())
		;
	int r = call((struct ix_call){ .op = IX_CALL_UDP_SENDV, .handle = u, .udp_sendv = { PROGRAM, 1, PEER_IP, 3000 } });
	assert_int_equal(r, 10);
	const struct nic_frame *f = nic_sent();
	assert_non_null(f);
	assert_int_equal(f->bytes[23], 17);
	assert_int_equal(be32(f->bytes + 30), PEER_IP);
	assert_int_equal(be32(f->bytes + 34), 9 << 16 | 3000);
	assert_memory_equal(f->bytes + 42, "a question", 10);
	assert_int_equal(expect_event(IX_EV_UDP_SENT).udp_sent.bytes, 10);

	r = call((struct ix_call){ .op = IX_CALL_UDP_RECV_DONE, .handle = u, .udp_recv_done = { ev.udp_recv.addr } });
	assert_int_equal(r, 0);
	assert_int_equal(last_call.result, 0);
	assert_int_equal(world->bufs.count[BUF_APP], 0);
	assert_int_equal(call_on(IX_CALL_CLOSE, u), 0);
	assert_int_equal(call_on(IX_CALL_CLOSE, u), -E_BAD_HANDLE);
}

static void a_closed_port_returns_what_it_lent(void **state)
{
	(void)state;
	ix_handle_t u = bind_udp(9);
	for (int i = 0; i < 20; i++)
		send_datagram(3000 + i, 9, "kept");
	for (int i = 0; i < 20; i++)
		expect_event(IX_EV_UDP_RECV);
	assert_int_equal(world->bufs.count[BUF_APP], 20);
	assert_int_equal(call_on(IX_CALL_CLOSE, u), 0);
	cycle();
	cycle();
	assert_int_equal(world->bufs.count[BUF_APP], 0);
	expect_no_event();
}

/* ---- Halting ---- */

static void open_with_idle(uint32_t idle)
{
	world_config.idle = idle;
	world_open();
	listen_on(PORT, 16, 5);
	cycle();
}

static void an_idle_cpu_halts_until_its_timer(void **state)
{
	(void)state;
	open_with_idle(IX_IDLE_HALT);
	call((struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { 1, 50000, 2 } });
	uint64_t begun = machine_us;
	assert_int_equal(dp_run_io(&machine_env, 0, IX_FOREVER), 1);
	assert_int_equal(world->events[0].type, IX_EV_TIMER);
	assert_true(machine_us - begun >= 50000 && machine_us - begun < 51000);
	assert_true(machine_naps >= 1 && machine_naps < 5);
	assert_true(world->stat.cycles < 100);
	assert_false(nic.may_interrupt); /* while the program runs, the card is polled */
	world_close();
}

static void ack_comes(void) { peer_acks(&p); }

/* A handshake's last segment comes when `moment` is reached. It is told at once, whatever the timer was set to. */
static void the_ack_is_told_at_once(void (**moment)(void))
{
	open_with_idle(IX_IDLE_HALT);
	p = peer(4000, PORT);
	peer_send(&p, SYN, NULL, 0);
	cycle();
	peer_get(&p, SYN | ACK);
	drain();
	uint64_t begun = machine_us;
	*moment = ack_comes;
	assert_int_equal(dp_run_io(&machine_env, 0, IX_FOREVER), 1);
	assert_int_equal(world->events[0].type, IX_EV_KNOCK);
	assert_null(*moment);
	assert_true(machine_us - begun < 1000);
	assert_int_equal(call_on(IX_CALL_REJECT, world->events[0].handle), 0);
	drain();
}

static void a_frame_ends_the_nap(void **state)
{
	(void)state;
	the_ack_is_told_at_once(&machine_while_napping);
	assert_int_equal(machine_naps, 1);
	assert_int_equal(world->stat.halts, 1);
	assert_int_equal(world->stat.wakeups_nic, 1);
	world_close();
}

/* Allowing the NIC to interrupt forgets that it came: only another look finds it. */
static void a_frame_before_the_nap_is_seen(void **state)
{
	(void)state;
	the_ack_is_told_at_once(&nic.before_interrupts);
	assert_int_equal(machine_naps, 0);
	world_close();
}

static void polling_never_halts(void **state)
{
	(void)state;
	open_with_idle(IX_IDLE_POLL);
	assert_int_equal(dp_run_io(&machine_env, 0, 20000), 0);
	assert_int_equal(machine_naps, 0);
	assert_true(world->stat.cycles > 1000);
	world_close();
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(own_pages_are_sent_from_where_they_are),
		ON_FLOW(a_page_given_up_waits_for_its_last_byte),
		ON_FLOW(a_page_is_lent_until_its_own_bytes_are_acknowledged),
		ON_FLOW(a_dead_flow_returns_its_pages),
		IN_WORLD(datagrams_come_and_go),
		IN_WORLD(a_closed_port_returns_what_it_lent),
		cmocka_unit_test(an_idle_cpu_halts_until_its_timer),
		cmocka_unit_test(a_frame_ends_the_nap),
		cmocka_unit_test(a_frame_before_the_nap_is_seen),
		cmocka_unit_test(polling_never_halts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
