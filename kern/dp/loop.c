/* SPDX-License-Identifier: MIT */
/*
 * The dataplane, first page. A reserved CPU does nothing but this: it runs every packet to completion, from
 * the NIC's ring through TCP to the program's events, and the program's answers back to the ring, in
 * bounded batches, without a lock.
 *
 * Interrupts are off. A batch never waits to fill: it is what has come, up to the policy's bound (plane->policy.batch); the
 * rest stays in the ring.
 */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/dp/tcp.h>
#include <kern/pmap.h>
#include <kern/spinlock.h>

/* The time since the last pass was busy if that one found work: the program's answer to it is in there, too. */
static void begin(struct dp *dp)
{
	dp->now_us = clock_us();
	*(dp->busy ? &dp->stat.busy_us : &dp->stat.idle_us) += dp->now_us - dp->counted_us;
	dp->counted_us = dp->now_us;
	dp->busy = false;
	dp->stat.cycles++;
}

void dp_mail(struct dp *dp)
{
	mail_poll();
	if (mail_take(MAIL_DP))
		dp->asked = true;
}

/*
 * One pass. What other CPUs ask comes first. Then the steps that dataplane.h and tcp.h name, each once but for the
 * doorbell, in an order that keeps these promises:
 *
 * - Frames that the NIC has sent are taken back before anything new is sent.
 * - The program's calls are done before new frames are looked at, and what they send does not wait for these: the
 *   doorbell rings once when they are done. Then, if other CPUs want an answer (dp->asked), plane_answer().
 * - Timers run before the frames, which may restart them. What frames and timers made the stack say needs one doorbell
 *   more. After that free buffers go to the ring, many at once.
 * - Only when the program waits for them (app_waits): what its dead flows had lent is ours again, its own timers expire, and
 *   last the event array is filled. Else it may still be reading what is there.
 * - dp->busy, which the steps set, counts the cycle as busy (stat.busy_cycles); counters are published when that is due
 *   (publish_us).
 *
 * trace_stage() marks the ends of three stages: calls, timers, frames; trace_end() the end.
 */
void dp_cycle(struct dp *dp, bool app_waits)
{
	begin(dp);
	trace_begin(dp);

	if (dp->cpu->cpu_mail)
		dp_mail(dp);    /* what other CPUs ask */
#ifndef EXERCISE_6
	tx_reap(dp);            /* frames that the NIC has sent: their memory is free */
	calls_run(dp);          /* the program's answers ... */
	tx_kick(dp);            /* ... do not wait for the next frames */
	if (dp->asked)
		plane_answer(dp, app_waits);
	trace_stage(dp, TRACE_CALLS);
	stack_timers(dp);       /* retransmissions, delayed ACKs, TIME_WAIT */
	trace_stage(dp, TRACE_TIMERS);
	rx_batch(dp);           /* frames in, through the stack */
	tx_kick(dp);            /* ACKs, and what they let go */
	rx_refill(dp);          /* free buffers to the ring */
	trace_stage(dp, TRACE_RX);
	if (app_waits) {
		graves_clear(dp);
		timers_expire(dp);
		events_fill(dp);
	}
	trace_end(dp);
	dp->stat.busy_cycles += dp->busy;
	if (dp->now_us >= dp->publish_us)
		stat_publish(dp);
#else
	/* LAB IX: Your code here. (Exercise 6) */
	(void)app_waits;
	trace_end(dp);
#endif
}

/*
 * What needs the big lock, and seldom: memory for flows runs short, or much of it is idle; or a page that the program
 * has given up meanwhile is not lent any more.
 */
void dp_settle(struct dp *dp)
{
	bool returns_pages = dp->loans_ended && page_nlent_free();
	bool unsettled = reserve_is_unsettled(&dp->reserve, dp->now_us);

	dp->loans_ended = false;
	if (!unsettled && !returns_pages)
		return;
	lock_kernel();
	if (unsettled)
		reserve_settle(&dp->reserve, dp->now_us);
	if (returns_pages)
		page_reclaim_lent();
	unlock_kernel();
}

static bool sched_calls(const struct dp *dp) { return dp->cpu->cpu_mail & MAIL_SCHED; }

/*
 * The CPU is to be given up (dp->parks): the caller of dp_run_io() stops the program until there is one for it again. But what
 * it has not seen yet comes first: then the next cycle asks again.
 */
static inline void park_unless(struct dp *dp, bool something_to_see)
{
	dp->asked |= dp->parks && something_to_see;
	dp->parks &= !something_to_see;
	if (dp->parks)
		mail_post(dp->cpu, MAIL_SCHED);
}

/*
 * sys_run_io (inc/ix.h; doc/ABI.md): the first `ncalls` calls (dp->ncalls; the first cycle does them), no events yet, then
 * cycles, each followed by dp_settle(), until there are events, or calls had to be done, or `timeout_us` has passed
 * (IX_FOREVER: never), or the scheduler wants this CPU. Between two cycles dp_idle() decides whether to halt, and until
 * when: the timeout, or the program's next timer, dp->timer_us. How many events there are.
 *
 * stat.run_ios counts entries, user_returns ways back. trace_entry() and trace_return() mark both. A program that comes here
 * responds (dp->unresponsive); before it goes on dp_resume() ends what dp_idle() has begun, and dp_watch() begins to watch
 * over it.
 *
 * With several CPUs, two duties more. dp->settled says that the program has nothing in hand: it is true from the beginning
 * if the program would wait (a timeout that is not 0), for then it has acted upon all that it was told, and its flows may move
 * to another CPU. And the CPU may be taken away: dp->parks, which a cycle may set, is one more reason to come back. Whatever
 * the reason was, park_unless() has the last word: calls' results and events are the program's to see first.
 */
int dp_run_io(struct Env *e, uint32_t ncalls, uint32_t timeout_us)
{
	struct dp *dp = e->env_dp;

	if (!dp || ncalls > IX_NCALLS)
		return -E_INVAL;
#ifndef EXERCISE_6
	uint64_t end = timeout_us == IX_FOREVER ? ~0ull : clock_us() + timeout_us;
	dp->stat.run_ios++;
	trace_entry(dp);
	dp->unresponsive = false;
	dp->nevents = 0;
	dp->ncalls = ncalls;
	dp->settled = timeout_us > 0;
	for (;;) {
		dp_cycle(dp, true);
		dp_settle(dp);
		if (dp->nevents || ncalls || dp->now_us >= end || sched_calls(dp) || dp->parks)
			break;
		dp_idle(dp, MIN(end, dp->timer_us));
	}
	park_unless(dp, ncalls || dp->nevents);
	dp_resume(dp);
	dp_watch(e);
	dp->stat.user_returns++;
	trace_return(dp);
	return dp->nevents;
#else
	/* LAB IX: Your code here. (Exercise 6) */
	(void)timeout_us;
	return -E_NOT_SUPP;
#endif
}

/* Events stay pending: the program may still be reading those it has. */
void dp_run_without_app(struct Env *e)
{
	struct dp *dp = e->env_dp;
	bool waits = e->env_status != ENV_RUNNABLE; /* else it yields, which is no sign of life */

	do {
		dp_cycle(dp, false);
		dp_settle(dp);
		dp_idle(dp, NEVER_US);
	} while (!sched_calls(dp));
	if (waits)
		dp->seen_us = dp->now_us;
	dp_resume(dp);
}
