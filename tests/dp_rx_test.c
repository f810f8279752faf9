/* SPDX-License-Identifier: MIT */
/* Frames as the network may make them: each that is not delivered is counted once, and none leaves anything behind. */
#include "dp_peer.h"

enum { ETH = 14, IP_AT = 14, TCP_AT = 34, PORT = 80 };

static struct peer p;
static uint8_t frame[NIC_FRAME_MAX];
static uint32_t len;

static int open_flow(void **state)
{
	peer_in_new_world(state, &p, PORT, 1);
	return 0;
}

static int end_flow(void **state)
{
	drain();
	peer_send(&p, RST, NULL, 0);
	expect_event(IX_EV_DEAD);
	return world_teardown(state);
}

/* ---- Damage: each begins with a good segment of 10 bytes ---- */

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static void empty_frame(void) { len = 0; }
static void half_a_header(void) { len = 13; }
static void unknown_type(void) { put16(frame + 12, 0x86dd); }
static void type_is_a_length(void) { put16(frame + 12, 46); }
static void short_arp(void) { put16(frame + 12, 0x0806), len = 41; }
static void ip_version_6(void) { frame[IP_AT] = 0x65; }
static void ip_header_short(void) { frame[IP_AT] = 0x44; }
static void ip_header_long(void) { frame[IP_AT] = 0x4f, len = ETH + 50; }
static void ip_total_beyond_frame(void) { put16(frame + IP_AT + 2, len - ETH + 1), fix_sums(frame, NIC_FRAME_MAX); }
static void ip_total_below_header(void) { put16(frame + IP_AT + 2, 19); }
static void ip_checksum(void) { frame[IP_AT + 10] ^= 1; }
static void fragment_of_half_a_block(void) { put16(frame + IP_AT + 6, 0x2000), fix_sums(frame, len); }
static void fragment_beyond_the_end(void) { put16(frame + IP_AT + 6, 0x1fff), fix_sums(frame, len); }
static void ip_cut_off(void) { len = ETH + 19; }
static void from_address(uint32_t ip)
{
	put16(frame + IP_AT + 12, ip >> 16);
	put16(frame + IP_AT + 14, ip);
	fix_sums(frame, len);
}
static void from_nobody(void) { from_address(0); }
static void from_everybody(void) { from_address(0xffffffff); }
static void from_everybody_here(void) { from_address(OUR_IP | 255); }
static void from_a_group(void) { from_address(0xe0000001); }
static void another_address(void) { frame[IP_AT + 19] ^= 1, fix_sums(frame, len); }
static void broadcast_address(void) { memset(frame + IP_AT + 16, 0xff, 4), fix_sums(frame, len); }
static void unknown_protocol(void) { frame[IP_AT + 9] = 99, fix_sums(frame, len); }
static void icmp(uint8_t type)
{
	frame[IP_AT + 9] = 1;
	frame[TCP_AT] = type;
	frame[TCP_AT + 1] = 0;
	fix_sums(frame, len);
}
static void icmp_checksum(void) { icmp(8), frame[TCP_AT + 2] ^= 1; }
static void icmp_cut_off(void) { frame[IP_AT + 9] = 1, put16(frame + IP_AT + 2, 27), fix_sums(frame, len); }
static void icmp_unreachable(void) { icmp(3); }
static void icmp_stray_reply(void) { icmp(0); }
static void tcp_checksum(void) { frame[TCP_AT + 16] ^= 1; }
static void tcp_payload_damaged(void) { frame[TCP_AT + 20] ^= 1; }
static void tcp_header_short(void) { frame[TCP_AT + 12] = 4 << 4, fix_sums(frame, len); }
static void tcp_header_beyond_segment(void) { frame[TCP_AT + 12] = 15 << 4, fix_sums(frame, len); }
static void tcp_cut_off(void) { put16(frame + IP_AT + 2, 39), fix_sums(frame, len); }

#define CASE(name, counter) { #name, name, offsetof(struct ix_stat, counter) }
static const struct {
	const char *name;
	void (*damage)(void);
	size_t counter;
} cases[] = {
	CASE(empty_frame, drop_rx_length),
	CASE(half_a_header, drop_rx_length),
	CASE(unknown_type, drop_rx_type),
	CASE(type_is_a_length, drop_rx_type),
	CASE(short_arp, drop_rx_length),
	CASE(ip_version_6, drop_rx_ip),
	CASE(ip_header_short, drop_rx_ip),
	CASE(ip_header_long, drop_rx_ip),
	CASE(ip_total_beyond_frame, drop_rx_ip),
	CASE(ip_total_below_header, drop_rx_ip),
	CASE(ip_checksum, drop_rx_ip),
	CASE(fragment_of_half_a_block, drop_frag_bad),
	CASE(fragment_beyond_the_end, drop_frag_bad),
	CASE(ip_cut_off, drop_rx_ip),
	CASE(from_nobody, drop_rx_ip),
	CASE(from_everybody, drop_rx_ip),
	CASE(from_everybody_here, drop_rx_ip),
	CASE(from_a_group, drop_rx_ip),
	CASE(another_address, drop_rx_type),
	CASE(broadcast_address, drop_rx_type),
	CASE(unknown_protocol, drop_rx_proto),
	CASE(icmp_checksum, drop_rx_ip),
	CASE(icmp_cut_off, drop_rx_ip),
	CASE(icmp_unreachable, drop_rx_proto),
	CASE(icmp_stray_reply, drop_rx_proto),
	CASE(tcp_checksum, drop_rx_tcp),
	CASE(tcp_payload_damaged, drop_rx_tcp),
	CASE(tcp_header_short, drop_rx_tcp),
	CASE(tcp_header_beyond_segment, drop_rx_tcp),
	CASE(tcp_cut_off, drop_rx_tcp),
};

static uint64_t drops(void)
{
	const struct ix_stat *s = &world->stat;

	return s->drop_rx_error + s->drop_rx_length + s->drop_rx_type + s->drop_rx_ip + s->drop_rx_proto +
	       s->drop_rx_tcp + s->drop_rx_nobuf + s->drop_rx_nomem + s->drop_frag_bad;
}

static void each_damage_has_its_counter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t *counter = (uint64_t *)((char *)&world->stat + cases[i].counter);
		uint64_t all = drops(), before = *counter;
		len = make_segment(frame, &p, PSH | ACK, p.seq, p.ack, "0123456789", 10);
		cases[i].damage();
		inject(frame, len);
		expect_no_event();
		if (*counter != before + 1 || drops() != all + 1)
			fail_msg("%s: counted %lu times, %lu drops in all", cases[i].name,
				 (unsigned long)(*counter - before), (unsigned long)(drops() - all));
		assert_int_equal(world->bufs.count[BUF_STACK], 0);
		while (nic_sent())
			;
	}
}

static void frames_with_a_device_error_are_dropped(void **state)
{
	(void)state;
	len = make_segment(frame, &p, PSH | ACK, p.seq, p.ack, "0123456789", 10);
	assert_true(nic_receive(frame, len, RX_ERROR));
	expect_no_event();
	assert_int_equal(world->stat.drop_rx_error, 1);
}

/* The NIC's word is taken for it, where it gives one. */
static void a_known_checksum_is_not_summed_again(void **state)
{
	(void)state;
	len = make_segment(frame, &p, PSH | ACK, p.seq, p.ack, "0123456789", 10);
	frame[TCP_AT + 16] ^= 1;
	assert_true(nic_receive(frame, len, RX_CSUM_OK));
	p.seq += 10;
	expect_event(IX_EV_RECV);
}

static void padding_is_no_payload(void **state)
{
	(void)state;
	len = make_segment(frame, &p, PSH | ACK, p.seq, p.ack, "ab", 2);
	memset(frame + len, 'x', 60 - len);
	inject(frame, 60);
	p.seq += 2;
	assert_int_equal(expect_event(IX_EV_RECV).recv.len, 2);
}

static void ip_options_are_stepped_over(void **state)
{
	(void)state;
	uint32_t n = make_segment(frame, &p, PSH | ACK, p.seq, p.ack, "ab", 2);
	memmove(frame + TCP_AT + 8, frame + TCP_AT, n - TCP_AT);
	memset(frame + TCP_AT, 1, 8);
	frame[IP_AT] = 0x47;
	put16(frame + IP_AT + 2, n + 8 - ETH);
	fix_sums(frame, n + 8);
	inject(frame, n + 8);
	p.seq += 2;
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_memory_equal(recv_bytes(&ev), "ab", 2);
}

/* TCP options of every kind and length in a SYN: none is read beyond its end, and the handshake goes on or does not. */
static void options_in_a_syn(void **state)
{
	(void)state;
	srand(5);
	for (int i = 0; i < 3000; i++) {
		struct peer q = peer(5000 + i % 100, PORT);
		uint32_t room = 4 * (rand() % 11);
		uint8_t options[40];
		for (uint32_t k = 0; k < room; k++)
			options[k] = rand() % 2 ? rand() % 9 : rand();
		q.mss = 0;
		q.seq = rand();
		len = make_segment(frame, &q, SYN, q.seq, 0, options, room);
		frame[TCP_AT + 12] = (20 + room) / 4 << 4;
		fix_sums(frame, len);
		inject(frame, len);
		cycle();
		peer_raw(&q, RST, q.seq + 1, NULL, 0);
		cycle();
		while (nic_sent())
			;
	}
	expect_no_event();
}

static void a_ping_is_answered(void **state)
{
	(void)state;
	len = make_segment(frame, &p, ACK, 0, 0, "ping", 4);
	frame[IP_AT + 9] = 1;
	frame[TCP_AT] = 8;
	frame[TCP_AT + 1] = 0;
	fix_sums(frame, len);
	inject(frame, len);
	cycle();
	const struct nic_frame *reply = nic_sent();
	assert_non_null(reply);
	assert_int_equal(reply->bytes[IP_AT + 9], 1);
	assert_int_equal(reply->bytes[TCP_AT], 0);
}

/* ---- Without any flow: pings ---- */

static void ping(uint8_t number)
{
	struct peer from = peer(1, 1);

	len = make_segment(frame, &from, ACK, 0, 0, "0123456789", 10);
	frame[IP_AT + 9] = 1;
	memset(frame + TCP_AT, 0, 20);
	frame[TCP_AT] = 8;
	frame[TCP_AT + 7] = number;
	fix_sums(frame, len);
	inject(frame, len);
}

static uint32_t answers(void)
{
	uint32_t n = 0;
	const struct nic_frame *f;

	while ((f = nic_sent()) != NULL) {
		assert_int_equal(f->bytes[TCP_AT], 0);
		assert_int_equal(f->bytes[TCP_AT + 7], n++);
	}
	return n;
}

static void open_world(uint32_t batch)
{
	world_config = (struct ix_config){ .batch = batch };
	world_open();
	peer_announces();
	cycle();
	while (nic_sent())
		;
}

static void pings_are_answered_in_order(void **state)
{
	(void)state;
	open_world(64);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 100; i++)
			ping(i);
		for (int i = 0; i < 200; i++)
			cycle();
		assert_int_equal(answers(), 100);
	}
	assert_int_equal(nic.no_buffer, 0);
	assert_true(world->stat.rx_batches > 0 && world->stat.rx_batches <= world->stat.rx_frames);
	world_close();
}

/* A bound of n: so many in one cycle, one doorbell for the answers, and hardly any for the buffers. */
static void a_batch_takes_what_has_come(void **state)
{
	static const uint32_t bounds[] = { 1, 7, 64, 100, 256 };

	(void)state;
	for (size_t b = 0; b < ARRAY_SIZE(bounds); b++) {
		uint32_t bound = bounds[b];
		open_world(bound);
		uint64_t frames = world->stat.rx_frames, doorbells = world->q->tx_doorbells;
		for (int i = 0; i < 150; i++)
			ping(i);
		cycle();
		assert_int_equal(world->stat.rx_frames - frames, MIN(bound, 150u));
		assert_int_equal(world->q->tx_doorbells - doorbells, 1);
		for (int i = 0; i < 150; i++)
			cycle();
		assert_int_equal(answers(), 150);
		world_close();
	}
}

static void doorbells_are_few(void **state)
{
	(void)state;
	open_world(64);
	uint64_t doorbells = world->q->rx_doorbells;
	for (int i = 0; i < 1000; i++) {
		ping(0);
		cycle();
		assert_int_equal(answers(), 1);
	}
	assert_int_equal(world->q->rx_doorbells - doorbells, 1000 / 32);
	assert_int_equal(nic.no_buffer, 0);
	world_close();
}

static void a_frame_longer_than_a_buffer(void **state)
{
	static uint8_t giant[4000];

	(void)state;
	memcpy(giant, frame, ETH);
	assert_true(nic_receive(giant, sizeof(giant), 0));
	expect_no_event();
	assert_int_equal(world->stat.drop_rx_length, 1);
}

/* Anything at all. */
static void random_damage(void **state)
{
	open_flow(state);
	srand(6);
	for (int i = 0; i < 30000; i++) {
		len = make_segment(frame, &p, rand() & 0x3f, p.seq + rand() % 5000 - 2500, p.ack, frame + 1000, rand() % 900);
		for (int n = rand() % 4; n > 0; n--)
			frame[rand() % MIN(len, 60u)] = rand();
		if (rand() % 2)
			fix_sums(frame, len);
		if (rand() % 8 == 0)
			len = rand() % (len + 1);
		frame[TCP_AT + 13] &= ~RST; /* it goes on */
		inject(frame, len);
		cycle();
		while (have_event())
			next_event();
		if (!world_group->flows.nused)
			break;
		while (nic_sent())
			;
	}
	stack_abort_all(world);
	for (int i = 0; i < 3; i++)
		cycle();
	while (have_event())
		next_event();
}

#define ON_FLOW(test) cmocka_unit_test_setup_teardown(test, open_flow, end_flow)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FLOW(each_damage_has_its_counter),
		ON_FLOW(frames_with_a_device_error_are_dropped),
		ON_FLOW(a_known_checksum_is_not_summed_again),
		ON_FLOW(padding_is_no_payload),
		ON_FLOW(ip_options_are_stepped_over),
		ON_FLOW(options_in_a_syn),
		ON_FLOW(a_ping_is_answered),
		ON_FLOW(a_frame_longer_than_a_buffer),
		cmocka_unit_test(pings_are_answered_in_order),
		cmocka_unit_test(a_batch_takes_what_has_come),
		cmocka_unit_test(doorbells_are_few),
		cmocka_unit_test_teardown(random_damage, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
