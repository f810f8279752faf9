/* SPDX-License-Identifier: MIT */
/*
 * The program's batched calls. Each slot is read once into our own memory; then its decode_x() checks
 * everything and changes nothing, and its do_x() cannot fail, but for want of memory. The result goes back to the
 * slot. What there is to call is in the table below; call.h says in which file each is.
 */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/dp/call.h>

static int decode_timer(struct dp *dp, struct request *rq)
{
	(void)dp;
	return rq->call.timer.id < DP_TIMERS ? 0 : -E_INVAL;
}

static int do_timer_set(struct dp *dp, struct request *rq)
{
	timer_set(dp, rq->call.timer.id, rq->call.timer.us, rq->call.timer.cookie);
	return 0;
}

static int do_timer_clear(struct dp *dp, struct request *rq)
{
	timer_clear(dp, rq->call.timer.id);
	return 0;
}

static int decode_none(struct dp *dp, struct request *rq)
{
	(void)dp, (void)rq;
	return 0;
}

static int do_none(struct dp *dp, struct request *rq)
{
	(void)dp, (void)rq;
	return 0;
}

typedef int (*step_fn)(struct dp *, struct request *);

static const struct {
	step_fn decode, perform;
} ops[IX_NOPS] = {
	[IX_CALL_NONE] = { decode_none, do_none },
	[IX_CALL_LISTEN] = { decode_listen, do_listen },
	[IX_CALL_UNLISTEN] = { decode_unlisten, do_unlisten },
	[IX_CALL_CONNECT] = { decode_connect, do_connect },
	[IX_CALL_ACCEPT] = { find_knocking_flow, do_accept },
	[IX_CALL_REJECT] = { find_knocking_flow, do_abort },
	[IX_CALL_SENDV] = { decode_sendv, do_sendv },
	[IX_CALL_RECV_DONE] = { decode_recv_done, do_recv_done },
	[IX_CALL_SHUTDOWN] = { decode_shutdown, do_shutdown },
	[IX_CALL_CLOSE] = { decode_close, do_close },
	[IX_CALL_ABORT] = { decode_abort, do_abort },
	[IX_CALL_UDP_BIND] = { decode_udp_bind, do_udp_bind },
	[IX_CALL_UDP_SENDV] = { decode_udp_sendv, do_udp_sendv },
	[IX_CALL_UDP_RECV_DONE] = { decode_udp_recv_done, do_udp_recv_done },
	[IX_CALL_TIMER_SET] = { decode_timer, do_timer_set },
	[IX_CALL_TIMER_CLEAR] = { decode_timer, do_timer_clear },
};

/*
 * One call, as it was read. An op that does not exist is -E_INVAL; any 32-bit number may stand there. Decode first: an
 * error there is the result, and nothing has changed. Then perform.
 */
static int call_run(struct dp *dp, struct request *rq)
{
#ifndef EXERCISE_7
	if (rq->call.op >= IX_NOPS)
		return -E_INVAL;
	int r = ops[rq->call.op].decode(dp, rq);
	return r < 0 ? r : ops[rq->call.op].perform(dp, rq);
#else
	/* LAB IX: Your code here. (Exercise 7) */
	(void)dp, (void)rq, (void)ops;
	return -E_NOT_SUPP;
#endif
}

/*
 * The first dp->ncalls slots of the array, in order. The program can write to a slot at any time, from another CPU even:
 * each is read once, as a whole, into our own request, and never looked at again, but to write its handle and result.
 * Each has its own result, whatever became of its neighbours. stat.calls counts them, call_errors those with an error; a
 * cycle with calls was busy. Afterwards none are left to do.
 */
void calls_run(struct dp *dp)
{
#ifndef EXERCISE_7
	struct request rq;

	OWN_CPU(dp);
	for (uint32_t i = 0; i < dp->ncalls; i++) {
		struct ix_call *slot = &dp->calls[i];
		rq.call = *slot;
		compiler_barrier(); /* from here on the program may change its slot, but not our copy */
		int r = call_run(dp, &rq);
		dp->stat.calls++;
		dp->stat.call_errors += r < 0;
		slot->handle = rq.call.handle;
		slot->result = r;
	}
	dp->busy |= dp->ncalls > 0;
	dp->ncalls = 0;
#else
	/* LAB IX: Your code here. (Exercise 7) */
	(void)call_run;
	for (uint32_t i = 0; i < dp->ncalls; i++)
		dp->calls[i].result = -E_NOT_SUPP;
	dp->ncalls = 0;
#endif
}
