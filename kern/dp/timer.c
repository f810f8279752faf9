/* SPDX-License-Identifier: MIT */
/* The program's timers: a small table, looked through only when the earliest is due. */
#include <kern/dp/dataplane.h>

void timer_set(struct dp *dp, uint32_t id, uint32_t us, uint32_t cookie)
{
	uint64_t due = dp->now_us + us;

	dp->timers[id] = (struct app_timer){ due ? due : 1, cookie };
	dp->timer_us = MIN(dp->timer_us, due);
}

void timer_clear(struct dp *dp, uint32_t id) { dp->timers[id].due_us = 0; }

static bool tell_timer(struct dp *dp, uint32_t id)
{
	struct ix_event *ev = event_slot(dp);

	if (!ev)
		return false;
	ev->type = IX_EV_TIMER;
	ev->cookie = dp->timers[id].cookie;
	ev->timer.id = id;
	dp->timers[id].due_us = 0;
	return true;
}

/* One that finds no room is due again at once. */
void timers_expire(struct dp *dp)
{
	if (dp->now_us < dp->timer_us)
		return;
	uint64_t next = NEVER_US;
	for (uint32_t id = 0; id < DP_TIMERS; id++) {
		uint64_t due = dp->timers[id].due_us;
		if (due && !(due <= dp->now_us && tell_timer(dp, id)))
			next = MIN(next, due);
	}
	dp->timer_us = next;
}
