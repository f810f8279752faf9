/* SPDX-License-Identifier: MIT */
/* Datagrams in fragments come to thread 0, and go to the CPU of their flow, whatever moves or leaves meanwhile. */
#include "dp_cut.h"

enum { PORT = 80, UDP_PORT = 9, FROM = 3000, TEXT = 1900 };

static void settle(void)
{
	for (int i = 0; i < 4; i++)
		cycle_all();
}

/* Three threads with a share of the groups each, one listener, one connection that lives on thread `t`. */
static struct peer connect_on(int t, ix_handle_t *h)
{
	cut_fill();
	world_open_threads(3);
	peer_announces();
	cycle_all();
	listen_on(PORT, 16, 5);
	struct peer p = peer_on(t, 4000, PORT);
	world_on(t);
	*h = peer_accepted(&p, 1);
	peer_silent();
	world_on(0);
	return p;
}

static void send_whole_segment(struct peer *p)
{
	segment_whole(p, cut_text, 1200);
	send_piece(0, 616);
	send_piece(1, 616);
	p->seq += 1200;
}

static void end_of(const struct peer *p, int t)
{
	world_on(t);
	peer_raw(p, RST, p->seq, NULL, 0);
	expect_event(IX_EV_DEAD);
	settle();
}

/* The flow has moved to t, and the whole segment comes there; then it ends, and every buffer is somebody's. */
static void comes_there(const struct peer *p, ix_handle_t h, int t)
{
	world_on(t);
	run_waiting(0);
	run_waiting(0);
	assert_int_equal(expect_event(IX_EV_MOVED).handle, h);
	struct ix_event ev = expect_event(IX_EV_RECV);
	assert_int_equal(ev.recv.len, 1200);
	assert_memory_equal(recv_bytes(&ev), cut_text, 1200);
	assert_int_equal(recv_done(h, 1200), 0);
	settle();
	world_buffers_add_up();
	end_of(p, t);
	world_close();
}

static void segments_go_to_the_cpu_of_their_flow(void **state)
{
	(void)state;
	for (int t = 0; t < 3; t++) {
		ix_handle_t h;
		struct peer p = connect_on(t, &h);
		uint32_t total = world_thread[0]->bufs.n, theirs = world_thread[t]->bufs.n;
		for (int i = 0; i < 20; i++) {
			segment_whole(&p, cut_text + i, 1200);
			assert_int_equal(nic_queue_of(frame, cut(0, 600, true)), 0);
			send_piece(i % 2, 616);
			cycle_all();
			send_piece(1 - i % 2, 616);
			world_on(0);
			cycle();
			world_buffers_add_up();
			world_on(t);
			struct ix_event ev = expect_event(IX_EV_RECV);
			assert_int_equal(ev.handle, h);
			assert_int_equal(ev.recv.len, 1200);
			assert_memory_equal(recv_bytes(&ev), cut_text + i, 1200);
			assert_int_equal(recv_done(h, 1200), 0);
			p.seq += 1200;
			settle();
			world_buffers_add_up();
			assert_int_equal(world_thread[0]->bufs.n, total);
			assert_int_equal(world_thread[t]->bufs.n, theirs);
		}
		assert_int_equal(world_thread[0]->stat.rx_handed, t ? 20 : 0);
		assert_int_equal(world_thread[0]->stat.rx_reassembled, 20);
		end_of(&p, t);
		world_close();
	}
}

/* A bad sum is seen where it was put together. */
static void bad_segments_are_not_handed_over(void **state)
{
	ix_handle_t h;

	(void)state;
	struct peer p = connect_on(1, &h);
	segment_whole(&p, cut_text, 1200);
	whole.bytes[AT + 700] ^= 1;
	send_piece(0, 616);
	send_piece(1, 616);
	settle();
	assert_int_equal(world_thread[0]->stat.drop_rx_tcp, 1);
	assert_int_equal(world_thread[0]->stat.rx_handed, 0);
	end_of(&p, 1);
	world_close();
}

/* Datagrams of UDP live on thread 0 if the NIC does not hash them, else where its hash leads. */
static void datagrams_go_where_the_nic_would_send_them(void **state)
{
	(void)state;
	for (int hashed = 0; hashed < 2; hashed++) {
		world_open_threads(3);
		netdevs[0].rss_kinds = RSS_TCP4 | (hashed ? RSS_UDP4 : 0);
		for (int t = 0; t < 3; t++) {
			world_on(t);
			struct ix_call bind = { .op = IX_CALL_UDP_BIND, .udp_bind = { UDP_PORT, 7 } };
			assert_int_equal(call(bind), 0);
		}
		world_on(0);
		struct peer p = peer_on(2, FROM, UDP_PORT);
		udp_whole(p.port, UDP_PORT, TEXT);
		send_piece(0, 1480);
		send_piece(1, 1480);
		settle();
		world_on(hashed ? 2 : 0);
		struct ix_event ev = expect_event(IX_EV_UDP_RECV);
		assert_int_equal(ev.udp_recv.len, TEXT);
		assert_int_equal(ev.udp_recv.ip, PEER_IP);
		assert_int_equal(ev.udp_recv.port, p.port);
		assert_memory_equal(machine_user(ev.udp_recv.addr), cut_text, TEXT);
		struct ix_call done = { .op = IX_CALL_UDP_RECV_DONE, .handle = ev.handle, .udp_recv_done = { ev.udp_recv.addr } };
		assert_int_equal(call(done), 0);
		for (int t = 0; t < 3; t++) {
			world_on(t);
			expect_no_event();
			uport_close_all(world);
		}
		settle();
		world_close();
	}
}

/* The group moves while a frame for it is on its way: it follows, and is not lost. */
static void frames_follow_a_group_that_moves(void **state)
{
	ix_handle_t h;

	(void)state;
	struct peer p = connect_on(1, &h);
	uint32_t group = IX_HANDLE_GROUP(h);
	send_whole_segment(&p);
	cycle(); /* on thread 1's list now */
	assert_non_null(world_thread[1]->handed);
	assert_int_equal(plane_move_group(world->plane, group, 2), 0);
	struct buf *list = world_thread[1]->handed;
	world_thread[1]->handed = NULL; /* as if it were pushed only after thread 1 has looked */
	world_on(1);
	run_waiting(0);
	run_waiting(0);
	assert_int_equal(world->plane->table[group], 2);
	world_thread[1]->handed = list;
	plane_ask(world_thread[1]);
	run_waiting(0);
	assert_null(world_thread[1]->handed);
	assert_int_equal(world_thread[1]->stat.rx_handed, 1);
	comes_there(&p, h, 2);
}

/* The thread leaves while frames for it are on its list: they go where its groups go. */
static void frames_follow_when_a_thread_leaves(void **state)
{
	ix_handle_t h;

	(void)state;
	struct peer p = connect_on(2, &h);
	send_whole_segment(&p);
	cycle();
	assert_non_null(world_thread[2]->handed);
	world_on(2);
	assert_int_equal(dp_detach(&machine_thread[2]), 0);
	assert_null(world_thread[2]->handed);
	int to = world_thread[0]->plane->table[IX_HANDLE_GROUP(h)];
	assert_int_not_equal(to, 2);
	comes_there(&p, h, to);
}

static const struct netdev_ops *real;
static struct buf *on_its_way;

/* A frame is pushed for thread 2 at the last moment at which the table names it. */
static int set_table(struct netdev *nd, const uint8_t *key, const uint8_t *table)
{
	if (on_its_way)
		world_thread[2]->handed = on_its_way;
	on_its_way = NULL;
	return real->rss_set(nd, key, table);
}

/* A CPU is taken away: its thread does not park before it has looked at its list. */
static void a_thread_does_not_park_with_frames_on_its_list(void **state)
{
	struct netdev_ops hooked;
	ix_handle_t h;

	(void)state;
	struct peer p = connect_on(2, &h);
	send_whole_segment(&p);
	cycle();
	on_its_way = world_thread[2]->handed;
	assert_non_null(on_its_way);
	world_thread[2]->handed = NULL;
	real = netdevs[0].ops;
	hooked = *real;
	hooked.rss_set = set_table;
	netdevs[0].ops = &hooked;
	assert_int_equal(plane_remove_cpu(world->plane, world_thread[2]->cpu->cpu_id), 0);
	world_on(2);
	for (int i = 0; i < 10 && run_waiting(0) >= 0; i++)
		;
	assert_null(machine_thread[2].env_dp);
	assert_null(on_its_way);
	assert_null(world_thread[2]->handed);
	assert_int_equal(world_thread[2]->stat.rx_handed, 1);
	netdevs[0].ops = real;
	int to = world_thread[0]->plane->table[IX_HANDLE_GROUP(h)];
	comes_there(&p, h, to);
}

/* The target can give no buffer for those that it got: it does when the next one comes. */
static void buffers_are_owed(void **state)
{
	struct buf *taken = NULL, *b;
	ix_handle_t h;

	(void)state;
	struct peer p = connect_on(1, &h);
	uint32_t total = world->bufs.n;
	world_on(1);
	struct dp *to = world;
	while ((b = buf_take(&to->bufs))) {
		buf_move(b, BUF_STACK);
		b->next = taken;
		taken = b;
	}
	world_on(0);
	for (int i = 0; i < 3; i++) {
		send_whole_segment(&p);
		settle();
		world_buffers_add_up();
	}
	assert_int_equal(world->bufs.n, total - 3);
	while (taken) {
		b = taken;
		taken = b->next;
		buf_put(b);
	}
	send_whole_segment(&p);
	settle();
	assert_int_equal(world->bufs.n, total);
	world_on(1);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(expect_event(IX_EV_RECV).recv.len, 1200);
		assert_int_equal(recv_done(h, 1200), 0);
	}
	world_buffers_add_up();
	end_of(&p, 1);
	world_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_go_to_the_cpu_of_their_flow),
		cmocka_unit_test(bad_segments_are_not_handed_over),
		cmocka_unit_test(datagrams_go_where_the_nic_would_send_them),
		cmocka_unit_test(frames_follow_a_group_that_moves),
		cmocka_unit_test(frames_follow_when_a_thread_leaves),
		cmocka_unit_test(a_thread_does_not_park_with_frames_on_its_list),
		cmocka_unit_test(buffers_are_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
