/* SPDX-License-Identifier: MIT */
/*
 * Watching over the program. While it runs, a timer ticks on its CPU; one that has not called sys_run_io for too
 * long is found not to respond, and from then on each tick runs the stack without it: acknowledgements and
 * retransmissions go on, what arrives waits. If so configured, a program that stays away is ended.
 *
 * The timer is set when the program gets the CPU and none is under way, so it costs once a tick, not once a call.
 */
#include <kern/clock.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dataplane.h>

enum { CYCLES_PER_TICK = 64 };

static void set_timer(struct dp *dp)
{
	if (dp->cpu->cpu_timer_armed || !dp->plane->policy.watchdog_us)
		return;
	dp->cpu->cpu_timer_armed = true;
	lapic_timer_oneshot(dp->plane->policy.watchdog_us);
}

void dp_watch(struct Env *e)
{
	struct dp *dp = e->env_dp;

	dp->seen_us = dp->now_us;
	set_timer(dp);
}

/* Back from a system call or a trap that was not sys_run_io: it is not seen by that, or a program could call for ever. */
void dp_keep_watch(struct Env *e) { set_timer(e->env_dp); }

static void run_stack(struct dp *dp)
{
	for (int n = 0; n < CYCLES_PER_TICK; n++) {
		dp_cycle(dp, false);
		dp_settle(dp);
		if (!dp->busy)
			break;
	}
}

bool dp_tick(struct Env *e)
{
	struct dp *dp = e->env_dp;
	uint64_t away = clock_us() - dp->seen_us;

	if (dp->plane->policy.watchdog_us && away >= dp->plane->policy.watchdog_us) {
		dp->stat.watchdog_strikes += !dp->unresponsive;
		dp->stat.watchdog_ticks++;
		dp->unresponsive = true;
		run_stack(dp);
	}
	set_timer(dp);
	return !dp->plane->policy.kill_us || away < dp->plane->policy.kill_us;
}
