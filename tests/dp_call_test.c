/* SPDX-License-Identifier: MIT */
/* Batched calls: each error, in each state of a flow; what a good call does; and that no bytes are copied. */
#include "dp_peer.h"

#include <kern/dp/sg.h>

enum { PORT = 80, COOKIE = 9 };

static struct peer p;
static ix_handle_t listener, h;

/* ---- Every call that takes a handle, on every kind of handle ---- */

static void on_nothing(void) { h = 0; }

static void on_open(void)
{
	p = peer(4000, PORT);
	h = peer_accepted(&p, COOKIE);
}

static void on_stale(void)
{
	on_open();
	peer_send(&p, RST, NULL, 0);
	expect_event(IX_EV_DEAD);
	cycle();
}

static void on_listener(void) { h = listener; }

static void on_knocking(void)
{
	p = peer(4000, PORT);
	peer_opens(&p);
	h = expect_event(IX_EV_KNOCK).handle;
}

static void on_connecting(void)
{
	assert_int_equal(connect_to(PEER_IP, 99, COOKIE), 0);
	h = last_call.handle;
}

static void on_shut(void)
{
	on_open();
	call_on(IX_CALL_SHUTDOWN, h);
}

static void on_closing(void)
{
	on_open();
	call_on(IX_CALL_CLOSE, h);
}

/* Reset by the peer, but the NIC still reads what the flow sent: `dead` waits. */
static void on_ended(void)
{
	on_open();
	drain();
	nic.hold = true;
	assert_int_equal(send_heap(h, 0, 100), 100);
	peer_send(&p, RST, NULL, 0);
	cycle();
	expect_no_event();
}

static void on_another_group(void)
{
	on_open();
	h |= IX_HANDLE(0, 1, 0);
}

enum { NSTATES = 10, NOPS = 8 };

static const struct {
	const char *name;
	void (*make)(void);
} states[NSTATES] = {
	{ "no handle", on_nothing }, { "a stale handle", on_stale }, { "a listener", on_listener },
	{ "another group's handle", on_another_group }, { "a knocking flow", on_knocking },
	{ "a connecting flow", on_connecting }, { "an open flow", on_open }, { "a flow shut down", on_shut },
	{ "a closing flow", on_closing }, { "a flow that has ended", on_ended },
};

#define BAD -E_BAD_HANDLE
static const struct {
	enum ix_op op;
	int want[NSTATES];
} matrix[NOPS] = {
	/*                       none stale listener group knock  connecting  open  shut  closing   ended */
	{ IX_CALL_ACCEPT,    { BAD, BAD, BAD, BAD, 0, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL } },
	{ IX_CALL_REJECT,    { BAD, BAD, BAD, BAD, 0, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL, -E_INVAL } },
	{ IX_CALL_SENDV,     { BAD, BAD, BAD, BAD, -E_INVAL, -E_AGAIN, 0, -E_CLOSED, -E_CLOSED, -E_CLOSED } },
	{ IX_CALL_RECV_DONE, { BAD, BAD, BAD, BAD, -E_INVAL, -E_AGAIN, 0, 0, 0, 0 } },
	{ IX_CALL_SHUTDOWN,  { BAD, BAD, BAD, BAD, -E_INVAL, -E_AGAIN, 0, -E_CLOSED, -E_CLOSED, -E_CLOSED } },
	{ IX_CALL_CLOSE,     { BAD, BAD, BAD, BAD, -E_INVAL, 0, 0, 0, -E_CLOSED, -E_CLOSED } },
	{ IX_CALL_ABORT,     { BAD, BAD, BAD, BAD, -E_INVAL, 0, 0, 0, 0, -E_CLOSED } },
	{ IX_CALL_UNLISTEN,  { BAD, BAD, 0, BAD, BAD, BAD, BAD, BAD, BAD, BAD } },
};

/* Whatever state the test left: reset everything and drop what it told. */
static void clean_up(void)
{
	nic.hold = false;
	nic_transmit();
	stack_abort_all(world);
	for (int i = 0; i < 4; i++)
		cycle();
	while (have_event())
		next_event();
	world_close();
}

static void each_call_in_each_state(void **state)
{
	(void)state;
	for (int s = 0; s < NSTATES; s++) {
		for (int i = 0; i < NOPS; i++) {
			world_open();
			listener = listen_on(PORT, 16, 5);
			states[s].make();
			int got = call_on(matrix[i].op, h);
			if (got != matrix[i].want[s])
				fail_msg("call %d on %s gives %d, not %d", matrix[i].op, states[s].name, got,
					 matrix[i].want[s]);
			clean_up();
		}
	}
}

/* ---- Arguments ---- */

static void arguments_have_limits(void **state)
{
	static const struct {
		struct ix_call call;
		int want;
	} cases[] = {
		{ { .op = IX_CALL_NONE }, 0 },
		{ { .op = IX_NOPS }, -E_INVAL },
		{ { .op = 0xffffffff }, -E_INVAL },
		{ { .op = IX_CALL_LISTEN, .listen = { 0, 1, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_LISTEN, .listen = { 65536, 1, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_LISTEN, .listen = { 81, 0, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_LISTEN, .listen = { 81, 256, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_LISTEN, .listen = { PORT, 1, 0 } }, -E_IN_USE },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, 0, 80 } }, -E_INVAL },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, 0x7f000001, 80 } }, -E_INVAL },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, 0xe0000001, 80 } }, -E_INVAL },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, 0xffffffff, 80 } }, -E_INVAL },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, PEER_IP, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_CONNECT, .connect = { 0, PEER_IP, 65536 } }, -E_INVAL },
		{ { .op = IX_CALL_TIMER_SET, .timer = { IX_NTIMERS, 1, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_TIMER_CLEAR, .timer = { 0xffffffff, 0, 0 } }, -E_INVAL },
		{ { .op = IX_CALL_TIMER_CLEAR, .timer = { IX_NTIMERS - 1, 0, 0 } }, 0 },
	};

	(void)state;
	listen_on(PORT, 16, 5);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int got = call(cases[i].call);
		if (got != cases[i].want)
			fail_msg("case %zu gives %d, not %d", i, got, cases[i].want);
	}
	assert_int_equal(world->plane->nlisteners, 1);
	assert_int_equal(world_group->flows.nused, 0);
}

static void listeners_run_out(void **state)
{
	(void)state;
	for (int i = 0; i < NLISTENERS; i++)
		listen_on(1000 + i, 255, i);
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_LISTEN, .listen = { 80, 1, 0 } }), -E_NO_MEM);
}

static void one_bad_call_leaves_its_neighbours_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		world->calls[i] = (struct ix_call){ .op = IX_CALL_LISTEN, .listen = { 1000 + i, 1, 0 } };
	world->calls[1].op = 12345;
	world->calls[3].listen.backlog = 0;
	run(5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(world->calls[i].result, i % 2 ? -E_INVAL : 0);
	assert_int_equal(world->plane->nlisteners, 3);
	assert_int_equal(world->stat.call_errors, 2);
}

/* Not again in the cycles that go on while the program does not come. */
static void calls_are_done_once(void **state)
{
	(void)state;
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_NONE }), 0);
	uint64_t done = world->stat.calls;
	cycle_without_app();
	assert_int_equal(world->stat.calls, done);
}

static void run_io_checks_its_count(void **state)
{
	(void)state;
	assert_int_equal(dp_run_io(&machine_env, IX_NCALLS + 1, 0), -E_INVAL);
	assert_int_equal(dp_run_io(&machine_env, 0xffffffff, 0), -E_INVAL);
	assert_int_equal(dp_run_io(&machine_env, IX_NCALLS, 0), 0);
}

/* What other CPUs see of the counters is a millisecond old at most. */
static void counters_are_published(void **state)
{
	(void)state;
	machine_us += 1000;
	cycle();
	assert_int_equal(world->published.cycles, world->stat.cycles);
}

static void handles_of_closed_listeners_are_stale(void **state)
{
	(void)state;
	ix_handle_t old = listen_on(PORT, 1, 0);
	assert_int_equal(call_on(IX_CALL_UNLISTEN, old), 0);
	assert_int_equal(call_on(IX_CALL_UNLISTEN, old), -E_BAD_HANDLE);
	ix_handle_t new = listen_on(PORT, 1, 0);
	assert_true(old != new);
	assert_int_equal(call_on(IX_CALL_UNLISTEN, old), -E_BAD_HANDLE);
}

/* In one batch, and in a lower place of the table than the one that it leaves. */
static void a_port_opens_again_at_once(void **state)
{
	(void)state;
	ix_handle_t low = listen_on(1, 1, 0), high = listen_on(PORT, 1, 0);
	assert_int_equal(call_on(IX_CALL_UNLISTEN, low), 0);
	cycle();
	world->calls[0] = (struct ix_call){ .op = IX_CALL_UNLISTEN, .handle = high };
	world->calls[1] = (struct ix_call){ .op = IX_CALL_LISTEN, .listen = { PORT, 1, 0 } };
	run(2);
	assert_int_equal(world->calls[0].result, 0);
	assert_int_equal(world->calls[1].result, 0);
}

/* ---- sendv ---- */

static int open_flow(void **state)
{
	world_setup(state);
	listener = listen_on(PORT, 16, 5);
	on_open();
	return 0;
}

static int end_flow(void **state)
{
	nic.hold = false;
	nic_transmit();
	drain();
	call_on(IX_CALL_ABORT, h);
	return world_teardown(state);
}

static void bad_memory_is_refused(void **state)
{
	uint32_t heap_end = IX_HEAP + world_config.heap_size;
	const struct ix_sg bad[] = {
		{ 0, 1 }, { PROGRAM + PROGRAM_PAGES * PGSIZE, 1 }, { heap_end, 1 }, { heap_end - 1, 2 },
		{ IX_HEAP, 0xffffffff }, { IX_HEAP + 1, 0xffffffff }, { 0xf0100000, 4 }, { 0xffffffff, 1 },
		{ IX_RXBUFS, 1 }, { PROGRAM + PROGRAM_PAGES * PGSIZE - 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ix_sg both[2] = { { IX_HEAP, 10 }, bad[i] };
		if (send_pieces(h, both, 2) != -E_FAULT)
			fail_msg("piece %zu is taken", i);
	}
	assert_int_equal(send_heap(h, world_config.heap_size - 1, 1), 1);
	assert_int_equal(send_heap(h, world_config.heap_size, 0), 0);
	assert_int_equal(peer_get(&p, ACK).len, 1); /* and nothing of the refused ones */
}

static void bad_lists_are_refused(void **state)
{
	static const struct { uint32_t sg, n; int want; } lists[] = {
		{ PROGRAM, IX_SG_MAX + 1, -E_INVAL },
		{ PROGRAM, 0xffffffff, -E_INVAL },
		{ 0, 1, -E_FAULT },
		{ PROGRAM + PROGRAM_PAGES * PGSIZE, 1, -E_FAULT },
		{ PROGRAM + PROGRAM_PAGES * PGSIZE - 4, 1, -E_FAULT },
		{ UTOP, 1, -E_FAULT },
		{ UTOP - 4, 1, -E_FAULT },
		{ 0xfffffffc, 1, -E_FAULT },
		{ KERNBASE, 1, -E_FAULT },
		{ 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		int got = call((struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { lists[i].sg, lists[i].n } });
		if (got != lists[i].want)
			fail_msg("list %zu gives %d, not %d", i, got, lists[i].want);
	}
}

static void unknown_flags_are_refused(void **state)
{
	struct ix_call c = { .op = IX_CALL_SENDV, .handle = h, .sendv = { IX_HEAP, 0, 0 } };

	(void)state;
	for (uint32_t flag = IX_SEND_CLOSE << 1; flag; flag <<= 1) {
		c.sendv.flags = flag | IX_SEND_CLOSE;
		assert_int_equal(call(c), -E_INVAL);
	}
	c.sendv.flags = 0;
	assert_int_equal(call(c), 0);
}

static const struct ix_sg own_piece = { IX_HEAP, 10 }, lost_piece = { IX_RXBUFS, 10 };
static struct ix_sg written;
static int walks;

/* Another thread writes to the list when its page is looked for again: it has been read by then. */
static void write_to_the_list(void)
{
	if (++walks == 2)
		*(struct ix_sg *)machine_user(PROGRAM) = written;
}

/* The list is what it was, or what it is now: what is sent is what was checked. */
static void list_changes(struct ix_sg from, struct ix_sg to)
{
	struct ix_sg *list = machine_user(PROGRAM), got;

	*list = from;
	written = to;
	walks = 0;
	machine_while_walking = write_to_the_list;
	int r = sg_read(world, &got, PROGRAM, 1);
	machine_while_walking = NULL;
	assert_true(r == -E_FAULT || (r == 0 && got.base == own_piece.base));
}

static void a_list_is_read_once(void **state)
{
	(void)state;
	list_changes(own_piece, lost_piece);
	list_changes(lost_piece, own_piece);
}

/* A list that crosses pages which are not neighbours in memory. */
static void lists_may_cross_pages(void **state)
{
	struct ix_sg sg[4] = { { IX_HEAP, 1 }, { IX_HEAP + 1, 2 }, { IX_HEAP + 3, 3 }, { IX_HEAP + 6, 4 } };
	uint32_t at = PROGRAM + PGSIZE - 12;

	(void)state;
	for (uint32_t i = 0; i < sizeof(sg); i++)
		*(uint8_t *)machine_user(at + i) = ((uint8_t *)sg)[i];
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_SENDV, .handle = h, .sendv = { at, 4 } }), 10);
}

static void sixteen_pieces_become_one_segment(void **state)
{
	struct ix_sg sg[IX_SG_MAX];
	uint8_t want[IX_SG_MAX * 8];

	(void)state;
	for (uint32_t i = 0; i < IX_SG_MAX; i++) {
		sg[i] = (struct ix_sg){ IX_HEAP + i * 5000, 8 };
		memset(heap(i * 5000), 'a' + i, 8);
		memset(want + i * 8, 'a' + i, 8);
	}
	assert_int_equal(send_pieces(h, sg, IX_SG_MAX), sizeof(want));
	struct seg s = peer_get(&p, ACK);
	assert_int_equal(s.len, sizeof(want));
	assert_memory_equal(s.data, want, sizeof(want));
}

/* However many pieces and pages there are: the receiver is to wait until it has them all. */
static void only_the_last_segment_of_a_call_pushes(void **state)
{
	static const struct ix_sg sg[2] = { { PROGRAM + PGSIZE, 1000 }, { PROGRAM + PGSIZE + 1000, 6000 } };

	(void)state;
	assert_int_equal(send_pieces(h, sg, 2), 7000);
	for (uint32_t got = 0; got < 7000;) {
		struct seg s = peer_get(&p, ACK);
		got += s.len;
		assert_int_equal(s.flags & PSH, got == 7000 ? PSH : 0);
		peer_acks(&p);
	}
}

/* A ping waits when the program sends: its answer needs a doorbell of its own, for the first does not wait for it. */
static void what_calls_send_does_not_wait_for_frames(void **state)
{
	uint64_t doorbells = world->q->tx_doorbells;

	(void)state;
	peer_announces();
	send_heap(h, 0, 10);
	assert_int_equal(world->q->tx_doorbells - doorbells, 2);
	assert_int_equal(peer_get(&p, ACK).len, 10);
}

/* Bytes are taken as far as the window goes, and no further. */
static void a_large_sendv_is_cut_short(void **state)
{
	(void)state;
	int n = send_heap(h, 0, 4 << 20);
	assert_true(n > 0 && (uint32_t)n <= world_config.window);
	assert_int_equal(send_heap(h, 0, 1000), 0);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ PROGRAM + PGSIZE, 10 }, 1), 0);
	assert_int_equal(world_group->nloans, 0); /* nothing of that page was taken */
}

/* A page that cannot be lent once more ends the call: what comes behind it would leave a hole. */
static void nothing_is_taken_behind_a_piece_that_is_not(void **state)
{
	struct PageInfo *page = pa2page(PADDR(machine_user(PROGRAM + PGSIZE)));
	uint32_t n = 0;

	(void)state;
	while (page_lend(page))
		n++;
	assert_int_equal(send_pieces(h, (struct ix_sg[]){ { PROGRAM + PGSIZE, 10 }, { IX_HEAP, 10 } }, 2), 0);
	assert_int_equal(send_pieces(h, (struct ix_sg[]){ { IX_HEAP, 10 }, { PROGRAM + PGSIZE, 10 } }, 2), 10);
	while (n--)
		page_unlend(page);
	assert_int_equal(peer_get(&p, ACK).len, 10);
}

/* ---- Zero copy, by address ---- */

static void received_bytes_stay_in_the_buffer_they_came_to(void **state)
{
	(void)state;
	peer_send(&p, PSH | ACK, "in place", 8);
	uint32_t buf = nic.last_rx_buf;
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.addr, IX_RXBUFS + buf * IX_BUFSIZE + HEADERS);
	assert_ptr_equal(recv_bytes(&ev), buf_bytes(buf_at(&world->plane->bufs, buf)) + HEADERS);
	assert_int_equal(world->stat.rx_copied_bytes, 0);
}

static void is_piece_at(const struct seg *s, int i, const void *where, uint32_t len)
{
	assert_int_equal(s->frame->piece[i].pa, PADDR(where));
	assert_int_equal(s->frame->piece[i].len, len);
}

static void sent_bytes_stay_where_the_program_has_them(void **state)
{
	(void)state;
	assert_int_equal(send_pieces(h, (struct ix_sg[]){ { IX_HEAP + 100, 50 }, { IX_HEAP + 9000, 60 } }, 2), 110);
	struct seg s = peer_get(&p, ACK);
	assert_int_equal(s.frame->npieces, 3);
	is_piece_at(&s, 1, heap(100), 50);
	is_piece_at(&s, 2, heap(9000), 60);

	peer_send(&p, PSH | ACK, "there and back", 14);
	struct ix_event ev = expect_event(IX_EV_RECV);
	expect_event(IX_EV_SENT);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr + 6, 3 }, 1), 3);
	s = peer_get(&p, ACK);
	is_piece_at(&s, 1, recv_bytes(&ev) + 6, 3);
	assert_memory_equal(s.data, "and", 3);
	assert_int_equal(world->stat.tx_copied_bytes, 0);
}

/* Units of the heap need not adjoin in memory. */
static void a_piece_may_cross_units_of_the_heap(void **state)
{
	(void)state;
	memcpy(heap(IX_HEAP_UNIT - 3), "abc", 3);
	memcpy(heap(IX_HEAP_UNIT), "def", 3);
	assert_int_equal(send_heap(h, IX_HEAP_UNIT - 3, 6), 6);
	struct seg s = peer_get(&p, ACK);
	assert_int_equal(s.len, 6);
	assert_memory_equal(s.data, "abcdef", 6);
	is_piece_at(&s, 1, heap(IX_HEAP_UNIT - 3), 3);
	is_piece_at(&s, 2, heap(IX_HEAP_UNIT), 3);
}

static void only_what_was_lent_can_be_done_with(void **state)
{
	(void)state;
	assert_int_equal(recv_done(h, 1), -E_INVAL);
	peer_send(&p, PSH | ACK, "0123456789", 10);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(recv_done(h, 11), -E_INVAL);
	assert_int_equal(recv_done(h, 0xffffffff), -E_INVAL);
	assert_int_equal(recv_done(h, 4), 0);
	assert_int_equal(recv_done(h, 7), -E_INVAL);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr, 10 }, 1), 10); /* lent until all of it is done */
	assert_int_equal(recv_done(h, 6), 0);
	assert_int_equal(send_pieces(h, &(struct ix_sg){ ev.recv.addr, 1 }, 1), -E_FAULT);
}

static void windows_have_the_rights_they_should(void **state)
{
	(void)state;
	assert_int_equal(machine_user_flags((uintptr_t)IX_EVENTS(0)) & (PTE_U | PTE_W), PTE_U);
	assert_int_equal(machine_user_flags((uintptr_t)IX_CALLS(0)) & (PTE_U | PTE_W), PTE_U | PTE_W);
	assert_int_equal(machine_user_flags(IX_RXBUFS) & (PTE_U | PTE_W), PTE_U);
	assert_int_equal(machine_user_flags(IX_HEAP) & (PTE_U | PTE_W), PTE_U | PTE_W);
	assert_ptr_equal(machine_user((uintptr_t)IX_EVENTS(0)), world->events);
	assert_ptr_equal(machine_user((uintptr_t)IX_CALLS(0)), world->calls);
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_in_each_state),
		IN_WORLD(arguments_have_limits),
		IN_WORLD(listeners_run_out),
		IN_WORLD(one_bad_call_leaves_its_neighbours_alone),
		IN_WORLD(calls_are_done_once),
		IN_WORLD(run_io_checks_its_count),
		IN_WORLD(counters_are_published),
		IN_WORLD(handles_of_closed_listeners_are_stale),
		IN_WORLD(a_port_opens_again_at_once),
		IN_WORLD(windows_have_the_rights_they_should),
		ON_FLOW(bad_memory_is_refused),
		ON_FLOW(bad_lists_are_refused),
		ON_FLOW(unknown_flags_are_refused),
		ON_FLOW(a_list_is_read_once),
		ON_FLOW(lists_may_cross_pages),
		ON_FLOW(only_the_last_segment_of_a_call_pushes),
		ON_FLOW(what_calls_send_does_not_wait_for_frames),
		ON_FLOW(sixteen_pieces_become_one_segment),
		ON_FLOW(a_large_sendv_is_cut_short),
		ON_FLOW(nothing_is_taken_behind_a_piece_that_is_not),
		ON_FLOW(received_bytes_stay_in_the_buffer_they_came_to),
		ON_FLOW(sent_bytes_stay_where_the_program_has_them),
		ON_FLOW(a_piece_may_cross_units_of_the_heap),
		ON_FLOW(only_what_was_lent_can_be_done_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
