/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one CPU's thread is touched by that CPU only. Two threads of a dataplane, and at each door a call that comes
 * from the wrong CPU is planted: a build with DP_DEBUG names it. Where lwIP's variables are not mapped, not even a look at
 * them passes; and moving a group in good order is no offence.
 */
#include "dp_peer.h"
#include "fake_console.h"

#include <sys/wait.h>
#include <unistd.h>

#include <kern/dp/member.h>
#include <kern/dp/udp.h>
#include <kern/spinlock.h>

#include "lwip/priv/tcp_priv.h"

enum { PORT = 80 };

static struct peer client;
static ix_handle_t handle; /* of thread 0's flow */
static struct flow *flow;

static void build(void)
{
	world_open_threads(2);
	listen_on(PORT, 16, 1);
	client = peer_on(0, 4000, PORT);
	handle = peer_accepted(&client, 7);
	flow = flow_find(&world->plane->groups[IX_HANDLE_GROUP(handle)].flows, handle);
	assert_non_null(flow);
}

/* On CPU 2 from here on. The machine cannot be used any more after a panic: each case makes its own. */
static void expect(const char *where, void (*act)(void *), void *arg)
{
	char words[128];

	snprintf(words, sizeof(words), "%s: CPU 2 touches what belongs to CPU 1", where);
	machine_run_on(2, 1);
	if (!console_panics(words, act, arg))
		fail_msg("nobody noticed: %s", words);
}

static void enter_lwip(void *arg) { stack_push(arg); }
static void run_timers(void *arg) { stack_timers(arg); }
static void tell(void *arg) { events_fill(arg); }
static void note(void *arg) { flow_pend(arg); }
static void take_frames(void *arg) { rx_batch(arg); }
static void look_at_port(void *arg) { uport_find(arg, 1); }

static void call_in_its_name(void *arg)
{
	struct dp *dp = arg;

	dp->calls[0] = (struct ix_call){ .op = IX_CALL_CLOSE, .handle = handle };
	dp->ncalls = 1;
	calls_run(dp);
}

/* As if no decoder asked whose the flow is. */
static void send_frame(void *arg)
{
	struct dp *dp = arg;

	neigh_announce(dp);
}

static void each_door_asks_who_comes(void **state)
{
	struct { const char *where; void (*act)(void *); bool of_flow; } doors[] = {
		{ "lwip_enter", enter_lwip, true },   { "flow_pend", note, true },
		{ "stack_timers", run_timers, false }, { "events_fill", tell, false },
		{ "rx_batch", take_frames, false },    { "calls_run", call_in_its_name, false },
		{ "uport_find", look_at_port, false }, { "send_chain", send_frame, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		build();
		expect(doors[i].where, doors[i].act, doors[i].of_flow ? (void *)flow : (void *)world_thread[0]);
	}
}

/* A call on the wrong thread is the program's mistake, not ours: it is refused, and nobody's flow is touched. */
static void a_call_on_the_wrong_thread_is_refused(void **state)
{
	(void)state;
	build();
	world_on(1);
	assert_int_equal(call_on(IX_CALL_CLOSE, handle), -E_MOVED);
	assert_int_equal(recv_done(handle, 0), -E_MOVED);
	world_on(0);
	assert_int_equal(recv_done(handle, 0), 0);
	peer_closes_first(&client, handle, 7);
	world_close();
}

static void a_group_under_way_is_nobodys(void **state)
{
	struct fgroup *g;

	(void)state;
	build();
	g = flow->g;
	lock_kernel();
	assert_int_equal(plane_move_group(world->plane, g->index, 1), 0);
	unlock_kernel();
	run_waiting(0);
	assert_null(g->owner);
	assert_true(console_panics("which is on its way between CPUs", enter_lwip, flow));
}

static void moving_is_no_offence(void **state)
{
	(void)state;
	build();
	lock_kernel();
	assert_int_equal(plane_move_group(world->plane, IX_HANDLE_GROUP(handle), 1), 0);
	unlock_kernel();
	run_waiting(0);
	world_on(1);
	assert_int_equal(expect_event(IX_EV_MOVED).handle, handle);
	peer_closes_first(&client, handle, 7);
	world_close();
}

/* In which of its system calls thread 0 named a flow says nothing to thread 1, whose count comes by the same number later. */
static void counts_are_each_threads_own(void **state)
{
	enum { NTH = 1000 };

	(void)state;
	build();
	struct fgroup *g = flow->g;
	world->stat.run_ios = NTH - 1;
	recv_done(handle, 0);
	assert_int_equal(g->touched, NTH);
	assert_int_equal(plane_move_group(world->plane, g->index, 1), 0);
	run_waiting(0);
	world_on(1);
	assert_int_equal(expect_event(IX_EV_MOVED).handle, handle);

	world->stat.run_ios = NTH - 1;
	assert_int_equal(plane_move_group(world->plane, g->index, 0), 0);
	run_waiting(0);
	assert_null(g->owner); /* on its way back */
	world_on(0);
	assert_int_equal(expect_event(IX_EV_MOVED).handle, handle);
	peer_closes_first(&client, handle, 7);
	world_close();
}

/* lwIP's lists, from a page directory that does not map them. In a process of its own, which the sanitizer ends. */
static void lwip_is_not_there_elsewhere(void **state)
{
	int status, pipes[2];
	char said[4096] = { 0 };

	(void)state;
	build();
	assert_int_equal(pipe(pipes), 0);
	if (fork() == 0) {
		dup2(pipes[1], 2);
		machine_run_on(0, MACHINE_THREADS - 1); /* which has no dataplane */
		_exit(tcp_active_pcbs == NULL ? 0 : 1);
	}
	close(pipes[1]);
	for (ssize_t n = 0, got; (got = read(pipes[0], said + n, sizeof(said) - 1 - n)) > 0;)
		n += got;
	wait(&status);
	close(pipes[0]);
	assert_non_null(strstr(said, "use-after-poison"));
	peer_closes_first(&client, handle, 7);
	world_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_door_asks_who_comes),
		cmocka_unit_test(a_call_on_the_wrong_thread_is_refused),
		cmocka_unit_test(a_group_under_way_is_nobodys),
		cmocka_unit_test(moving_is_no_offence),
		cmocka_unit_test(counts_are_each_threads_own),
		cmocka_unit_test(lwip_is_not_there_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
