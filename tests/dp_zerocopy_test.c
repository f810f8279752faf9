/* SPDX-License-Identifier: MIT */
/*
 * Zero copy, by address, over whole bodies: what an event names is the place that the receive descriptor named, and
 * what a transmit descriptor names, headers apart, is the program's own memory. Addresses are compared as the program's
 * page tables translate them, for each page that a piece touches.
 */
#include "dp_peer.h"

enum { PORT = 80, COOKIE = 7, SEGMENT = 1460, PAGE = PROGRAM + PGSIZE, SEGMENTS = 24, BODY = 300000 };

static struct peer p;
static ix_handle_t h;
static uint8_t text[SEGMENTS * SEGMENT];

static int open_flow(void **state)
{
	h = peer_in_new_world(state, &p, PORT, COOKIE);
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / 251;
	return 0;
}

static int end_flow(void **state)
{
	assert_int_equal(world->stat.rx_copied_bytes, 0);
	assert_int_equal(world->stat.tx_copied_bytes, 0);
	while (have_event())
		next_event();
	drain();
	call_on(IX_CALL_ABORT, h);
	return world_teardown(state);
}

static physaddr_t translated(uint32_t va)
{
	assert_non_null(machine_user(va));
	return PADDR(machine_user(va));
}

/* ---- In ---- */

static physaddr_t arrived[SEGMENTS];

/* Segment i of the text, at its own place in the stream. */
static void arrive(uint32_t first_seq, uint32_t i)
{
	peer_raw(&p, PSH | ACK, first_seq + i * SEGMENT, text + i * SEGMENT, SEGMENT);
	arrived[i] = nic.last_rx_pa;
}

static void all_are_delivered_where_they_arrived(struct ix_event *events)
{
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		struct ix_event ev = expect_event(IX_EV_RECV);
		assert_int_equal(ev.recv.len, SEGMENT);
		assert_int_equal(translated(ev.recv.addr), arrived[i] + HEADERS);
		assert_memory_equal(recv_bytes(&ev), text + i * SEGMENT, SEGMENT);
		events[i] = ev;
	}
	p.seq += sizeof(text);
	drain();
}

static void frames_are_delivered_where_the_descriptors_put_them(void **state)
{
	struct ix_event events[SEGMENTS];

	(void)state;
	for (uint32_t i = 0; i < SEGMENTS; i++)
		arrive(p.seq, i);
	all_are_delivered_where_they_arrived(events);
}

/* Every other one first: those wait in the stack for what comes between them. */
static void frames_out_of_order_stay_where_they_are(void **state)
{
	struct ix_event events[SEGMENTS];

	(void)state;
	for (uint32_t i = 1; i < SEGMENTS; i += 2)
		arrive(p.seq, i);
	expect_no_event();
	for (uint32_t i = 0; i < SEGMENTS; i += 2)
		arrive(p.seq, i);
	all_are_delivered_where_they_arrived(events);
}

/* ---- Out ---- */

/* Contiguous in memory, and in each page what the program has at `va`. */
static void is_the_programs(const struct tx_frag *piece, uint32_t va)
{
	for (uint32_t at = 0; at < piece->len; at += PGSIZE - (va + at) % PGSIZE)
		assert_int_equal(piece->pa + at, translated(va + at));
}

static void segment_comes_from(const struct seg *s, uint32_t va)
{
	const struct nic_frame *f = s->frame;
	uint32_t at = 0;

	assert_true(f->npieces >= 2);
	assert_int_equal(f->piece[0].len, HEADERS);
	for (int i = 1; i < f->npieces; i++) {
		is_the_programs(&f->piece[i], va + at);
		at += f->piece[i].len;
	}
	assert_int_equal(at, s->len);
}

static void leaves_from(uint32_t va, uint32_t len)
{
	while (len > 0) {
		struct seg s = peer_get(&p, ACK);
		assert_true(s.len > 0 && s.len <= len);
		segment_comes_from(&s, va);
		va += s.len;
		len -= s.len;
		peer_acks(&p);
	}
}

/* As much of it as is taken at a time. */
static void is_sent_from(uint32_t va, uint32_t len)
{
	while (len > 0) {
		int n = send_pieces(h, &(struct ix_sg){ va, len }, 1);
		assert_true(n > 0);
		leaves_from(va, n);
		va += n;
		len -= n;
	}
}

/* The body begins at an odd place and lies across two units of the heap. */
static void a_body_leaves_the_heap_uncopied(void **state)
{
	(void)state;
	is_sent_from(IX_HEAP + IX_HEAP_UNIT - BODY / 2 + 1, BODY);
}

/* Pages that follow each other for the program need not do so in memory. */
static void a_body_leaves_any_page_uncopied(void **state)
{
	(void)state;
	is_sent_from(PAGE + 123, (PROGRAM_PAGES - 1) * PGSIZE - 123);
}

static void received_buffers_leave_uncopied(void **state)
{
	struct ix_event events[SEGMENTS];

	(void)state;
	for (uint32_t i = 0; i < SEGMENTS; i++)
		arrive(p.seq, i);
	all_are_delivered_where_they_arrived(events);
	for (uint32_t i = 0; i < SEGMENTS; i++)
		is_sent_from(events[i].recv.addr, SEGMENT);
}

/* What was lost is read again from where the program still has it. */
static void a_second_transmission_is_uncopied(void **state)
{
	(void)state;
	assert_int_equal(send_heap(h, 100, 1000), 1000);
	struct seg s = peer_get(&p, ACK);
	segment_comes_from(&s, IX_HEAP + 100);
	pass(4000000);
	p.ack -= s.len;
	leaves_from(IX_HEAP + 100, 1000);
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(frames_are_delivered_where_the_descriptors_put_them),
		ON_FLOW(frames_out_of_order_stay_where_they_are),
		ON_FLOW(a_body_leaves_the_heap_uncopied),
		ON_FLOW(a_body_leaves_any_page_uncopied),
		ON_FLOW(received_buffers_leave_uncopied),
		ON_FLOW(a_second_transmission_is_uncopied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
