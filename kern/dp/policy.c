/* SPDX-License-Identifier: MIT */
/*
 * How a dataplane works, as far as that can be chosen: by boot arguments for all, by sys_dp_ctl for one, while it
 * runs. Values are checked here, so that the loop never has to.
 *
 *   batch=N            most frames in a cycle
 *   idle=poll|halt|adaptive
 *   watchdog=MS        how long a program may stay away before the stack runs without it; 0: for ever
 *   watchdog_kill=MS   how long before it is ended; 0: for ever
 */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/dp/dataplane.h>

enum {
	WATCHDOG_US = 10000,
	WATCHDOG_MIN_US = 1000,
	WATCHDOG_MAX_US = 1000000000,
};

struct policy default_policy = { .batch = DP_BATCH, .idle = IX_IDLE_POLL, .watchdog_us = WATCHDOG_US };

static const char *const idle_names[IX_NIDLES] = {
	[IX_IDLE_POLL] = "poll", [IX_IDLE_HALT] = "halt", [IX_IDLE_ADAPTIVE] = "adaptive",
};

static int set_batch(struct policy *p, uint32_t n, uint32_t unused)
{
	(void)unused;
	if (n < 1 || n > DP_BATCH_MAX)
		return -E_INVAL;
	p->batch = n;
	return 0;
}

static int set_idle(struct policy *p, uint32_t idle, uint32_t unused)
{
	(void)unused;
	if (idle >= IX_NIDLES)
		return -E_INVAL;
	p->idle = idle == IX_IDLE_DEFAULT ? default_policy.idle : idle;
	return 0;
}

static int set_watchdog(struct policy *p, uint32_t us, uint32_t kill_us)
{
	if (us && (us < WATCHDOG_MIN_US || us > WATCHDOG_MAX_US))
		return -E_INVAL;
	if (kill_us && (!us || kill_us < us || kill_us > WATCHDOG_MAX_US))
		return -E_INVAL;
	p->watchdog_us = us;
	p->kill_us = kill_us;
	return 0;
}

int policy_set(struct policy *p, enum ix_ctl op, uint32_t a, uint32_t b)
{
	static int (*const setters[])(struct policy *, uint32_t, uint32_t) = {
		[IX_CTL_BATCH] = set_batch,
		[IX_CTL_IDLE] = set_idle,
		[IX_CTL_WATCHDOG] = set_watchdog,
	};

	return op < ARRAY_SIZE(setters) && setters[op] ? setters[op](p, a, b) : -E_INVAL;
}

static uint32_t idle_named(const char *name)
{
	for (uint32_t i = IX_IDLE_POLL; i < IX_NIDLES; i++) {
		if (strcmp(name, idle_names[i]) == 0)
			return i;
	}
	return IX_NIDLES;
}

static uint32_t ms_to_us(uint32_t ms) { return ms > 0xffffffff / 1000 ? 0xffffffff : ms * 1000; }

void policy_init(void)
{
	struct policy *p = &default_policy;
	const char *idle = bootarg("idle");
	uint32_t batch = bootarg_u32("batch", p->batch);
	uint32_t watchdog = bootarg_u32("watchdog", p->watchdog_us / 1000), end = bootarg_u32("watchdog_kill", 0);

	if (set_batch(p, batch, 0) < 0)
		cprintf("batch=%u: not from 1 to %u\n", batch, DP_BATCH_MAX);
	if (idle && set_idle(p, idle_named(idle), 0) < 0)
		cprintf("idle=%s: not poll, halt or adaptive\n", idle);
	if (set_watchdog(p, ms_to_us(watchdog), ms_to_us(end)) < 0)
		cprintf("watchdog=%u watchdog_kill=%u: too long, or the second before the first\n", watchdog, end);
}
