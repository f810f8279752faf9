/* SPDX-License-Identifier: MIT */
/*
 * The mailbox protocol (kern/mailbox.c, kern/spinlock.c), for the model checker spin: two shared CPUs and a reserved
 * one, the big lock, requests to flush TLBs, which are waited for, and requests to reschedule, which are not.
 *
 * Shown for every interleaving, store buffers included: no CPU waits for ever (a request that is overlooked, or two CPUs
 * that wait for each other, would be an end that is none), and when all is quiet no request is left.
 *
 * x86 keeps a CPU's stores in order, but a load may pass an earlier store of another line. So what a plain store writes
 * to cpu_in_kernel stays in a buffer of one place, until a locked instruction of the same CPU, or at any time. What
 * is written to cpu_mail is locked always. Spin loops are conditions here.
 *
 * Planted errors, each of which must be found:
 *   planted: NO_FENCE   cpu_in_kernel is cleared by a plain store
 *   planted: NO_LOOK    the mailbox is not looked at on the way out of the kernel
 *   planted: DEAF_LOCK  a CPU that spins for the lock does not answer
 *   planted: EARLY_LOOK the sender looks whether to interrupt, and then leaves its request
 */
#define NCPU     3
#define RESERVED 2 /* enters the kernel without the lock */
#define TLB      1
#define SCHED    2
#ifndef ENTRIES
#define ENTRIES  1 /* of each CPU into the kernel, by its own will */
#endif

byte mail[NCPU];
bool in_kernel[NCPU];        /* as others see it */
bool buffered[NCPU];         /* is a store to it still on its way? */
bool value[NCPU];            /* which */
bool interrupt[NCPU];        /* pending: taken in user mode, or while halted */
bool locked;

/* ---- What the machine does ---- */

/* Before each locked instruction. */
inline drain(c)
{
	if
	:: buffered[c] -> in_kernel[c] = value[c]; buffered[c] = false; value[c] = false
	:: else
	fi
}

inline store_in_kernel(c, v)
{
	d_step { drain(c); value[c] = v; buffered[c] = true }
}

proctype store_buffer(byte c)
{
end:
	do
	:: d_step { buffered[c] -> drain(c) }
	od
}

/* ---- kern/mailbox.c, line by line ---- */

inline mail_post(c, to, request)
{
#ifdef EARLY_LOOK
	awake = in_kernel[to];
#endif
	d_step { drain(c); before = mail[to]; mail[to] = mail[to] | request }
#ifndef EARLY_LOOK
	awake = in_kernel[to];
#endif
	if
	:: !(before & request) && !awake -> interrupt[to] = true
	:: else
	fi;
	d_step { before = 0; awake = false } /* not used any more: fewer states */
}

inline mail_poll(c)
{
	if
	:: mail[c] & TLB -> d_step { drain(c); mail[c] = mail[c] & ~TLB }
	:: else
	fi
}

inline mail_wait(c, to, request)
{
	do
	:: !(mail[to] & request) -> break
	:: mail[c] & TLB -> mail_poll(c)
	od
}

inline mail_take(c, request)
{
	if
	:: mail[c] & request -> d_step { drain(c); mail[c] = mail[c] & ~request }
	:: else
	fi
}

inline mail_leave_kernel(c)
{
#ifdef NO_FENCE
	store_in_kernel(c, false);
#else
	d_step { drain(c); in_kernel[c] = false } /* xchg */
#endif
#ifndef NO_LOOK
	if
	:: mail[c] -> interrupt[c] = true
	:: else
	fi
#endif
}

/* ---- kern/spinlock.c ---- */

inline lock_kernel(c)
{
	do
	:: d_step { !locked -> drain(c); locked = true }; break
#ifndef DEAF_LOCK
	:: mail[c] & TLB -> mail_poll(c)
#endif
	od
}

inline unlock_kernel(c)
{
	locked = false /* stores keep their order: a plain one will do, later than all that matters here */
}

/* ---- The core, entered and left; one of its works in between ---- */

inline work(c)
{
	if
	:: mail_post(c, (c + 1) % NCPU, TLB); mail_wait(c, (c + 1) % NCPU, TLB)
	:: mail_post(c, (c + 2) % NCPU, TLB); mail_wait(c, (c + 2) % NCPU, TLB)
	:: mail_post(c, (c + 1) % NCPU, SCHED)
	:: mail_post(c, (c + 2) % NCPU, SCHED)
	fi
}

inline core(c, works)
{
	lock_kernel(c);
	mail_take(c, SCHED);
	mail_poll(c);
	if
	:: works -> work(c)
	:: else
	fi;
	unlock_kernel(c)
}

/* sys_run_io: a cycle or two, without the lock; whoever asks for the core's attention gets it. */
inline run_io(c)
{
	mail_poll(c);
	mail_poll(c);
	if
	:: mail[c] & SCHED -> core(c, false)
	:: else
	fi
}

/* In user mode or halted it waits for an interrupt, or enters by itself. */
proctype cpu(byte c)
{
	byte left = ENTRIES, before;
	bool awake;

end_user:
	do
	:: interrupt[c] ->
		interrupt[c] = false;
		store_in_kernel(c, true);
		core(c, false);
		mail_leave_kernel(c)
	:: left > 0 ->
		left--;
		store_in_kernel(c, true);
		if
		:: c == RESERVED -> run_io(c)
		:: core(c, true)
		fi;
		mail_leave_kernel(c)
	od
}

/* Everything is quiet: nothing may be left in a mailbox. */
active proctype quiet()
{
	timeout -> assert(!mail[0] && !mail[1] && !mail[2] && !locked)
}

init {
	atomic {
		run cpu(0); run cpu(1); run cpu(2);
		run store_buffer(0); run store_buffer(1); run store_buffer(2)
	}
}
