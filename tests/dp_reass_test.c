/* SPDX-License-Identifier: MIT */
/* Datagrams in fragments: put together in any order, and given up when they must be. (More CPUs: dp_hand_test.c.) */
#include "dp_cut.h"

#include <kern/dp/csum.h>

enum {
	UDP_PORT = 9, FROM = 3000,
	TEXT = 1900, /* of the datagram that most cases cut up */
};

static struct ix_stat before;
#define GREW(counter) (world->stat.counter - before.counter)

static int open_port(void **state)
{
	world_setup(state);
	cut_fill();
	peer_announces();
	assert_int_equal(call((struct ix_call){ .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT, 7 } }), 0);
	while (nic_sent())
		;
	before = world->stat;
	return 0;
}

static uint64_t frag_drops(const struct ix_stat *s)
{
	return s->drop_frag_bad + s->drop_frag_overlap + s->drop_frag_twice + s->drop_frag_long + s->drop_frag_late +
	       s->drop_frag_oldest + s->drop_frag_nobuf;
}

static void expect_datagram(uint32_t n)
{
	struct ix_event ev = expect_event(IX_EV_UDP_RECV);

	assert_int_equal(ev.udp_recv.ip, PEER_IP);
	assert_int_equal(ev.udp_recv.port, FROM);
	assert_int_equal(ev.udp_recv.local_port, UDP_PORT);
	assert_int_equal(ev.udp_recv.len, n);
	assert_int_equal(machine_user_flags(ev.udp_recv.addr) & (PTE_U | PTE_W), PTE_U);
	assert_memory_equal(machine_user(ev.udp_recv.addr), cut_text, n);
	struct ix_call done = { .op = IX_CALL_UDP_RECV_DONE, .handle = ev.handle, .udp_recv_done = { ev.udp_recv.addr } };
	assert_int_equal(call(done), 0);
}

/* So much later, at once. */
static void later(uint64_t us)
{
	machine_us += us;
	for (int i = 0; i < 5; i++)
		cycle();
}

static void nothing_is_held(void)
{
	cycle();
	assert_int_equal(world->reass.nused, 0);
	assert_int_equal(world->bufs.count[BUF_STACK], 0);
	world_buffers_add_up();
}

/* ---- Whole ---- */

/* All orders of four pieces. */
static void any_order(void **state)
{
	uint32_t n[4], sent = 0;

	(void)state;
	for (uint32_t order = 0; order < 256; order++) {
		for (int i = 0; i < 4; i++)
			n[i] = order >> 2 * i & 3;
		if ((1u << n[0] | 1u << n[1] | 1u << n[2] | 1u << n[3]) != 15)
			continue;
		udp_whole(FROM, UDP_PORT, TEXT);
		for (int i = 0; i < 4; i++) {
			expect_no_event();
			send_piece(n[i], 480);
		}
		expect_datagram(TEXT);
		sent++;
	}
	assert_int_equal(sent, 24);
	assert_int_equal(GREW(rx_fragments), 24 * 4);
	assert_int_equal(GREW(rx_reassembled), 24);
	assert_int_equal(GREW(rx_copied_bytes), 24 * (TEXT + UDP_LEN));
	nothing_is_held();
}

/* Every length from the least that can be cut to the most that fits, in pieces of 8 bytes, and in two of random size. */
static void any_length(void **state)
{
	(void)state;
	srand(1);
	for (uint32_t n = 1; n <= IX_UDP_RECV_MAX; n += n < 100 || n > IX_UDP_RECV_MAX - 20 ? 1 : 97) {
		udp_whole(FROM, UDP_PORT, n);
		uint32_t size = 8 * (1 + rand() % ((whole.len - 1) / 8));
		send_cut(size, whole.len - size, false);
		send_cut(0, size, true);
		expect_datagram(n);
		udp_whole(FROM, UDP_PORT, n);
		for (uint32_t i = npieces(8); i-- > 0; cycle())
			send_piece(i, 8);
		expect_datagram(n);
	}
	nothing_is_held();
	assert_int_equal(frag_drops(&world->stat), 0);
}

/* Several at once, from one sender, and from several with the same identification. */
static void they_do_not_mix(void **state)
{
	struct whole first;

	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	first = whole;
	udp_whole(FROM, UDP_PORT, TEXT - 100);
	struct whole second = whole;
	whole = first, send_piece(0, 960);
	whole = second, send_piece(1, 960);
	whole = first, send_piece(1, 960);
	expect_datagram(TEXT);
	whole = second, send_piece(0, 960);
	expect_datagram(TEXT - 100);

	/* The same identification, but of another sender, or another protocol. */
	whole = first;
	send_piece(0, 960);
	whole.bytes[IP_AT + 15] ^= 1;
	send_piece(1, 960);
	whole = first;
	whole.bytes[IP_AT + 9] = 6;
	send_piece(1, 960);
	expect_no_event();
	assert_int_equal(world->reass.nused, 3);
	later(61000000);
	nothing_is_held();
}

static void options_are_left_out(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	uint32_t len = cut(0, 960, true);
	memmove(frame + AT + 8, frame + AT, 960);
	memset(frame + AT, 1, 8);
	frame[IP_AT] = 0x47;
	put16(frame + IP_AT + 2, 20 + 8 + 960);
	fix_header(frame);
	inject(frame, len + 8);
	send_piece(1, 960);
	expect_datagram(TEXT);
}

/* The device says nothing of fragments' checksums, and what it says does not count for the whole. */
static void the_wholes_checksum_is_looked_at(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	whole.bytes[AT + 1000] ^= 1;
	assert_true(nic_receive(frame, cut(0, 960, true), RX_CSUM_OK));
	assert_true(nic_receive(frame, cut(960, whole.len - 960, false), RX_CSUM_OK));
	expect_no_event();
	assert_int_equal(GREW(drop_rx_udp), 1);
	nothing_is_held();
}

static void nobodys_port(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT + 1, TEXT);
	send_piece(0, 960);
	send_piece(1, 960);
	expect_no_event();
	const struct nic_frame *f = nic_sent();
	assert_non_null(f);
	assert_int_equal(f->bytes[IP_AT + 9], 1);
	assert_int_equal(f->bytes[AT], 3); /* unreachable: port */
	assert_int_equal(GREW(drop_rx_proto), 1);
	nothing_is_held();
}

/* ---- ICMP ---- */

static void a_ping_in_fragments_is_answered(void **state)
{
	(void)state;
	icmp_whole(8, 1000);
	send_piece(1, 512);
	send_piece(0, 512);
	cycle();
	const struct nic_frame *f = nic_sent();
	assert_non_null(f);
	assert_int_equal(f->len, AT + 1008);
	assert_int_equal(f->bytes[AT], 0);
	assert_memory_equal(f->bytes + AT + 8, cut_text, 1000);
	assert_null(nic_sent());
	nothing_is_held();
}

/* Longer than a frame: in fragments, as it came. */
static void a_long_ping_is_answered_in_fragments(void **state)
{
	uint8_t answer[NIC_FRAME_MAX];
	uint32_t len = 0;

	(void)state;
	icmp_whole(8, TEXT);
	send_piece(0, 1480);
	send_piece(1, 1480);
	cycle();
	for (int i = 0; i < 2; i++) {
		const struct nic_frame *f = nic_sent();
		assert_non_null(f);
		uint32_t n = be16(f->bytes + IP_AT + 2) - 20;
		assert_int_equal(csum_fold(csum_add(0, f->bytes + IP_AT, 20)), 0xffff);
		assert_int_equal(be16(f->bytes + IP_AT + 4), whole.id);
		assert_int_equal(be16(f->bytes + IP_AT + 6), i == 0 ? 0x2000 : 1480 / 8);
		assert_int_equal(be32(f->bytes + IP_AT + 12), OUR_IP);
		assert_int_equal(be32(f->bytes + IP_AT + 16), PEER_IP);
		memcpy(answer, f->bytes, AT);
		memcpy(answer + AT + len, f->bytes + AT, n);
		len += n;
	}
	assert_null(nic_sent());
	assert_int_equal(len, UDP_LEN + TEXT);
	assert_int_equal(answer[AT], 0);
	assert_int_equal(answer[AT + 7], 5);
	assert_memory_equal(answer + AT + 8, cut_text, TEXT);
	uint16_t sum = be16(answer + AT + 2);
	put16(answer + IP_AT + 2, 20 + len);
	fix_sums(answer, AT + len);
	assert_int_equal(be16(answer + AT + 2), sum);
	nothing_is_held();
}

/* ---- What does not fit ---- */

static void exact_duplicates_are_dropped(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	for (int i = 0; i < 3; i++) {
		send_piece(0, 480);
		send_piece(2, 480);
		send_piece(3, 480);
	}
	expect_no_event();
	assert_int_equal(GREW(drop_frag_twice), 6);
	send_piece(1, 480);
	expect_datagram(TEXT);
	nothing_is_held();
}

struct piece { uint32_t at, n; bool more; };

/* The first two fragments, and one that spoils them. 1,000 bytes in all. */
static const struct {
	const char *name;
	struct piece piece[3];
	bool changed; /* the last one's bytes */
} spoilt[] = {
	{ "shifted", { { 0, 400, true }, { 400, 400, true }, { 392, 16, true } }, false },
	{ "longer, at the same place", { { 0, 400, true }, { 408, 400, true }, { 0, 408, true } }, false },
	{ "shorter, at the same place", { { 0, 400, true }, { 408, 400, true }, { 0, 392, true } }, false },
	{ "within", { { 0, 400, true }, { 400, 400, true }, { 8, 8, true } }, false },
	{ "two at once", { { 0, 400, true }, { 400, 400, true }, { 0, 800, true } }, false },
	{ "over a gap", { { 0, 400, true }, { 800, 200, false }, { 392, 416, true } }, false },
	{ "other bytes", { { 0, 400, true }, { 400, 400, true }, { 400, 400, true } }, true },
	{ "a second end, later", { { 0, 400, true }, { 800, 192, false }, { 992, 8, false } }, false },
	{ "a second end, earlier", { { 0, 400, true }, { 800, 200, false }, { 792, 8, false } }, false },
	{ "an end before what has come", { { 0, 400, true }, { 800, 200, true }, { 600, 8, false } }, false },
	{ "an end that went on before", { { 0, 400, true }, { 800, 200, true }, { 800, 200, false } }, false },
	{ "more behind the end", { { 0, 400, true }, { 800, 192, false }, { 992, 8, true } }, false },
	{ "the end, that goes on now", { { 0, 400, true }, { 800, 192, false }, { 800, 192, true } }, false },
};

static void overlaps_spoil_the_datagram(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		const struct piece *p = spoilt[i].piece;
		before = world->stat;
		udp_whole(FROM, UDP_PORT, 1000 - UDP_LEN);
		send_cut(p[0].at, p[0].n, p[0].more);
		send_cut(p[1].at, p[1].n, p[1].more);
		cycle();
		whole.bytes[AT + p[2].at] ^= spoilt[i].changed;
		send_cut(p[2].at, p[2].n, p[2].more);
		whole.bytes[AT + p[2].at] ^= spoilt[i].changed;
		expect_no_event();
		if (GREW(drop_frag_overlap) != 3 || frag_drops(&world->stat) != frag_drops(&before) + 3)
			fail_msg("%s: %lu counted, %lu drops in all", spoilt[i].name, (unsigned long)GREW(drop_frag_overlap),
				 (unsigned long)(frag_drops(&world->stat) - frag_drops(&before)));
		assert_int_equal(world->bufs.count[BUF_STACK], 0);
		/* Nothing that still comes makes it good. */
		for (int k = 0; k < 2; k++)
			send_piece(k, 504);
		expect_no_event();
		assert_int_equal(GREW(drop_frag_overlap), 5);
		later(61000000);
		nothing_is_held();
	}
}

static void impossible_ones_are_refused(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	send_cut(0, 0, true);        /* of nothing */
	send_cut(8, 0, false);
	send_cut(0, 801, true);      /* half a block, and more behind it */
	send_cut(0, 7, true);
	whole.len = 65000;
	send_cut(65528, 8, false);   /* beyond what a length can say, which ends at 65,515 */
	send_cut(65512, 4, false);
	expect_no_event();
	assert_int_equal(GREW(drop_frag_bad), 6);
	assert_int_equal(frag_drops(&world->stat), 6);
	nothing_is_held();
	send_cut(65512, 3, false);   /* possible, but too long for us */
	expect_no_event();
	assert_int_equal(GREW(drop_frag_long), 1);
	later(61000000);
	nothing_is_held();
}

/* In order, and the other way round; the first that does not fit spoils what came before, and what comes after. */
static void long_ones_are_refused(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		before = world->stat;
		udp_whole(FROM, UDP_PORT, 8000);
		for (uint32_t i = 0, n = npieces(1480); i < n; i++) {
			send_piece(turn ? n - 1 - i : i, 1480);
			cycle();
		}
		expect_no_event();
		assert_int_equal(GREW(drop_frag_long), 6);
		assert_int_equal(world->bufs.count[BUF_STACK], 0);
		assert_int_equal(GREW(rx_fragments), 6);
	}
	udp_whole(FROM, UDP_PORT, IX_UDP_RECV_MAX + 1);
	send_piece(0, 1480);
	send_piece(1, 1480);
	expect_no_event();
	later(61000000);
	nothing_is_held();
}

/* ---- Time and room ---- */

static void late_ones_are_given_up(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	send_piece(0, 480);
	send_piece(2, 480);
	cycle();
	later(59000000);
	peer_announces(); /* or it would be asked first where it is */
	send_piece(2, 480);
	cycle();
	assert_int_equal(world->reass.nused, 1);
	while (nic_sent())
		;
	later(1500000);
	assert_int_equal(GREW(drop_frag_late), 2);
	nothing_is_held();
	const struct nic_frame *f = nic_sent();
	assert_non_null(f);
	assert_int_equal(f->len, AT + 8 + 28);
	assert_int_equal(be32(f->bytes + IP_AT + 16), PEER_IP);
	assert_int_equal(f->bytes[IP_AT + 9], 1);
	assert_int_equal(f->bytes[AT], 11);
	assert_int_equal(f->bytes[AT + 1], 1);
	assert_int_equal(be16(f->bytes + AT + 8 + 4), whole.id);
	assert_memory_equal(f->bytes + AT + 28, whole.bytes + AT, 8);
	assert_null(nic_sent());
	send_piece(1, 480); /* the rest begins another one, which is never complete */
	send_piece(3, 480);
	expect_no_event();
	later(61000000);
	assert_int_equal(GREW(drop_frag_late), 4);
	nothing_is_held();
}

/* Without the first fragment, or if it is an error itself, nobody is told; nor of what was refused. */
static void who_is_not_told(void **state)
{
	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	send_piece(1, 480);
	icmp_whole(3, TEXT);
	send_piece(0, 480);
	udp_whole(FROM, UDP_PORT, 8000);
	send_piece(0, 480);
	send_piece(7, 480);
	cycle();
	later(59500000);
	peer_announces();
	cycle();
	while (nic_sent())
		;
	later(1500000);
	nothing_is_held();
	assert_int_equal(GREW(drop_frag_late), 2);
	assert_null(nic_sent());
}

static void the_oldest_goes(void **state)
{
	static struct whole first;

	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	first = whole;
	send_piece(0, 960);
	cycle();
	for (int i = 1; i < DATAGRAMS; i++) {
		machine_us += 10;
		udp_whole(FROM, UDP_PORT, TEXT - i);
		send_piece(0, 960);
		cycle();
	}
	struct whole last = whole;
	assert_int_equal(world->reass.nused, DATAGRAMS);
	assert_int_equal(world->bufs.count[BUF_STACK], DATAGRAMS);
	machine_us += 10;
	udp_whole(FROM, UDP_PORT, TEXT);
	send_piece(0, 960);
	cycle();
	assert_int_equal(GREW(drop_frag_oldest), 1);
	send_piece(1, 960);
	expect_datagram(TEXT);
	whole = last;
	send_piece(1, 960);
	expect_datagram(TEXT - (DATAGRAMS - 1));
	whole = first; /* it is not there any more */
	send_piece(1, 960);
	expect_no_event();
	assert_int_equal(GREW(drop_frag_oldest), 1);
	later(61000000);
	nothing_is_held();
	assert_int_equal(GREW(drop_frag_late), DATAGRAMS - 2 + 1);
}

/* There is no buffer: nothing is begun, what has begun goes on. */
static void buffers_run_low(void **state)
{
	struct buf *taken = NULL, *b;
	static struct whole begun;

	(void)state;
	udp_whole(FROM, UDP_PORT, TEXT);
	begun = whole;
	send_piece(0, 960);
	cycle();
	while ((b = buf_take(&world->bufs))) {
		buf_move(b, BUF_STACK);
		b->next = taken;
		taken = b;
	}
	udp_whole(FROM, UDP_PORT, TEXT);
	send_piece(0, 960);
	send_piece(1, 960);
	expect_no_event();
	assert_int_equal(GREW(drop_frag_nobuf), 2);
	while (taken) {
		b = taken;
		taken = b->next;
		buf_put(b);
	}
	whole = begun;
	send_piece(1, 960);
	expect_datagram(TEXT);
	later(61000000);
	nothing_is_held();
}

/* A CPU without anything else to do wakes to end them. */
static void a_halted_cpu_wakes_for_them(void **state)
{
	(void)state;
	world_open();
	assert_true(stack_due_us(world) == NEVER_US || stack_due_us(world) == 0);
	pass(2000000);
	assert_true(stack_due_us(world) == NEVER_US);
	udp_whole(FROM, UDP_PORT, TEXT);
	send_piece(0, 960);
	cycle();
	pass(500000);
	assert_true(stack_due_us(world) <= machine_us + 1000000);
	later(61000000);
	assert_int_equal(world->reass.nused, 0);
	world_close();
}

/* The program ends with datagrams in progress: world_close() sees that nothing is left. */
static void the_end_with_datagrams_in_progress(void **state)
{
	(void)state;
	world_open();
	for (int i = 0; i < 5; i++) {
		udp_whole(FROM, UDP_PORT, TEXT);
		send_piece(1, 960);
	}
	udp_whole(FROM, UDP_PORT, 8000);
	send_piece(3, 1480);
	cycle();
	assert_int_equal(world->bufs.count[BUF_STACK], 5);
	struct dp *dp = world;
	reass_forget(dp);
	assert_int_equal(dp->stat.drop_frag_oldest, 5);
	nothing_is_held();
	send_piece(1, 960);
	world_close();
}

/* ---- Anything at all ---- */

static void random_fragments(void **state)
{
	uint64_t sent = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < 40000; i++) {
		if (i % 12 == 0) {
			udp_whole(FROM, UDP_PORT, rand() % 2200);
			put16(whole.bytes + IP_AT + 4, rand() % 24);
		}
		uint32_t at = rand() % npieces(480) * 480, n = MIN(480u, whole.len - at);
		bool more = at + n < whole.len;
		if (rand() % 24 == 0) {
			at = rand() % 300 * 8;
			n = rand() % 1000;
			more = rand() % 2;
		}
		sent += at || more;
		inject(frame, cut(at, n, more));
		machine_us += rand() % 500 ? 10 : 7000000;
		cycle();
		while (have_event()) {
			struct ix_event ev = next_event();
			struct ix_call done = { .op = IX_CALL_UDP_RECV_DONE, .handle = ev.handle };
			done.udp_recv_done.addr = ev.udp_recv.addr;
			assert_int_equal(call(done), 0);
		}
		while (nic_sent())
			;
	}
	later(61000000);
	nothing_is_held();
	assert_int_equal(GREW(rx_fragments), sent);
	assert_true(GREW(rx_reassembled) > 100);
	assert_true(sent - frag_drops(&world->stat) >= 2 * GREW(rx_reassembled));
}

#define ON_PORT(test) cmocka_unit_test_setup_teardown(test, open_port, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_PORT(any_order),
		ON_PORT(any_length),
		ON_PORT(they_do_not_mix),
		ON_PORT(options_are_left_out),
		ON_PORT(the_wholes_checksum_is_looked_at),
		ON_PORT(nobodys_port),
		ON_PORT(a_ping_in_fragments_is_answered),
		ON_PORT(a_long_ping_is_answered_in_fragments),
		ON_PORT(exact_duplicates_are_dropped),
		ON_PORT(overlaps_spoil_the_datagram),
		ON_PORT(impossible_ones_are_refused),
		ON_PORT(long_ones_are_refused),
		ON_PORT(late_ones_are_given_up),
		ON_PORT(who_is_not_told),
		ON_PORT(the_oldest_goes),
		ON_PORT(buffers_run_low),
		ON_PORT(random_fragments),
		cmocka_unit_test(a_halted_cpu_wakes_for_them),
		cmocka_unit_test(the_end_with_datagrams_in_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
