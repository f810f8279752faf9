/* SPDX-License-Identifier: MIT */
/*
 * A CPU is taken from a thread, and whatever that interrupts: a batch of calls, the end of a time, a nap. The thread is parked in
 * sys_run_io only, when it has seen everything; and nothing of it is left on the CPU.
 */
#include "dp_peer.h"

#include <kern/dp/control.h>
#include <kern/dp/member.h>
#include <kern/trap.h>

enum { NAP_US = 400, WAIT_US = 5000, WATCHDOG_US = 60000000 };

/* ---- When it is parked ---- */

static void cpu_2_is_taken(void) { assert_int_equal(plane_remove_cpu(world->plane, 2), 0); }

/* Its groups go in the very call that it makes, whose result it is to see. Then it is asked again, and parked. */
static void results_are_seen_first(void **state)
{
	(void)state;
	world_open_threads(2);
	cpu_2_is_taken();
	world_on(1);
	world->calls[0] = (struct ix_call){ .op = IX_CALL_TIMER_SET, .timer = { 1, 50000000, 1 } };
	assert_int_equal(run_waiting(1), 0);
	assert_int_equal(world->ngroups, 0);
	for (int i = 0; i < 8; i++) {
		world_on(0);
		run_waiting(0);
	}
	world_on(1);
	assert_int_equal(run_waiting(0), -1);
}

/* The CPU is taken in the nap with which the time ends: the program comes back parked, or not, but never half. */
static void the_time_is_over(void **state)
{
	(void)state;
	world_open_threads(2);
	world->plane->policy.idle = IX_IDLE_HALT;
	world_on(1);
	run(0);
	machine_while_napping = cpu_2_is_taken;
	uint32_t posts = machine_sched_posts;
	assert_int_equal(dp_run_io(&machine_thread[1], 0, NAP_US), 0);
	assert_null(machine_while_napping);
	assert_int_equal(machine_naps, 1);
	assert_true(world->leaving);
	assert_int_equal(world->parks, machine_sched_posts != posts);
}

static void the_least_is_kept(void **state)
{
	(void)state;
	world_open_threads(3);
	assert_int_equal(dp_ctl(&machine_env, IX_CTL_HOLD, 0, 0, 0), 0);
	assert_int_equal(dp_ctl(&machine_env, IX_CTL_RESERVE, 0, 2, 3), 0);
	assert_int_equal(dp_ctl(&machine_env, IX_CTL_REMOVE_CPU, 0, 3, 0), 0);
	assert_true(world_thread[2]->leaving); /* and will go when its program waits */
	assert_int_equal(dp_ctl(&machine_env, IX_CTL_REMOVE_CPU, 0, 2, 0), -E_INVAL);
}

/* ---- What is left on the CPU ---- */

static void no_timer_is_left(void **state)
{
	(void)state;
	world_open();
	world->plane->policy.watchdog_us = WATCHDOG_US;
	cycle();
	assert_true(cpus[1].cpu_timer_armed);
	assert_int_equal(dp_detach(&machine_env), 0);
	assert_null(cpus[1].cpu_dp);
	assert_false(cpus[1].cpu_timer_armed); /* else the scheduler would not set its own */
	world_config = (struct ix_config){ 0 };
}

/* ---- The NIC's pin, taken by lab 6 ---- */

static void other_handler(void *arg)
{
	(void)arg;
	fail_msg("somebody else's handler was called");
}

static void open_halting(void)
{
	world_config.idle = IX_IDLE_HALT;
	world_open();
	peer_announces();
	cycle();
}

static void pin_is_taken(void)
{
	irq_register(MACHINE_NIC_IRQ, other_handler, NULL);
	dp_pin_taken();
}

/* The interrupt was on its way already: a frame came at the same moment. It quiets our NIC, and nobody else's handler runs. */
static void frame_and_thief(void)
{
	peer_announces();
	pin_is_taken();
}

static void the_pin_is_taken_in_a_nap(void **state)
{
	(void)state;
	open_halting();
	uint64_t wakes = world->stat.wakeups_nic;
	machine_while_napping = frame_and_thief;
	assert_int_equal(dp_run_io(&machine_env, 0, WAIT_US), 0);
	assert_null(machine_while_napping);
	assert_int_equal(world->stat.wakeups_nic, wakes + 1);
	assert_false(nic.may_interrupt);
	world_close();
}

/* Lab 6 came and went while the program computed, and another dataplane has the pin by now: the same handler, not ours. */
static void the_pin_is_another_dataplanes(void **state)
{
	(void)state;
	open_halting();
	irq_handler ours = machine_handler();
	assert_true(irq_is_for(MACHINE_NIC_IRQ, ours, world));
	pin_is_taken();
	irq_register(MACHINE_NIC_IRQ, ours, &nic);
	assert_int_equal(dp_run_io(&machine_env, 0, WAIT_US), 0);
	assert_true(machine_naps > 4); /* it looks for itself, and often */
	assert_int_equal(world->stat.wakeups_nic, 0);
	assert_false(nic.may_interrupt);
	world_close();
	assert_true(irq_is_for(MACHINE_NIC_IRQ, ours, &nic)); /* whose it stays */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_seen_first),
		cmocka_unit_test(the_time_is_over),
		cmocka_unit_test(the_least_is_kept),
		cmocka_unit_test(no_timer_is_left),
		cmocka_unit_test(the_pin_is_taken_in_a_nap),
		cmocka_unit_test(the_pin_is_another_dataplanes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
