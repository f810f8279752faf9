/* SPDX-License-Identifier: MIT */
/*
 * Sleeping. The earliest time at which somebody must be woken is known, so that the scheduler's look costs a
 * comparison; the sleepers themselves are searched for only when that time has come. A CPU that runs envs looks at
 * each time slice, and one that halts sets its timer to that time: so a sleeper wakes up to one tick late. A reserved CPU
 * does neither; while there is one, the first CPU, which is never reserved, has to.
 */
#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/env.h>
#include <kern/sched.h>
#include <kern/sleep.h>

enum { LONGEST_NAP_MS = 60000 }; /* a CPU that halts for longer looks up in between */

static struct {
	bool any;
	uint32_t first_ms; /* no sleeper's time is before this */
} sleepers;

/* Is `a` before `b`? Right across the wrap of the millisecond clock. */
static bool before(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }

static bool sleeps(const struct Env *e)
{
	return e->env_status == ENV_NOT_RUNNABLE && e->env_wait == ENV_WAIT_TIME;
}

static void expect(uint32_t ms)
{
	if (!sleepers.any || before(ms, sleepers.first_ms))
		sleepers.first_ms = ms;
	sleepers.any = true;
}

void sleep_watch(void)
{
	if (sleepers.any && cpus[0].cpu_status == CPU_HALTED)
		mail_post(&cpus[0], MAIL_SCHED);
}

void sleep_until(uint32_t ms)
{
	curenv->env_wake_ms = ms;
	expect(ms);
	if (thiscpu->cpu_dp)
		sleep_watch();
	sched_block(ENV_WAIT_TIME);
}

void sleep_wake(void)
{
	if (!sleepers.any)
		return;
	uint32_t now = clock_ms();
	if (before(now, sleepers.first_ms))
		return;
	sleepers.any = false;
	for (struct Env *e = envs; e < envs + NENV; e++) {
		if (!sleeps(e))
			continue;
		if (before(now, e->env_wake_ms))
			expect(e->env_wake_ms);
		else
			sched_ready(e);
	}
}

uint32_t sleep_us_left(void)
{
	if (!sleepers.any)
		return 0;
	int32_t ms = sleepers.first_ms - clock_ms();
	return ms > 0 ? MIN(ms, LONGEST_NAP_MS) * 1000 : 1;
}
