/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Shared CPUs serve one queue of runnable envs, first come, first served. A reserved CPU serves the env
 * of its dataplane; while that env waits, it runs the dataplane without it. An idle CPU halts with its timer stopped,
 * on the kernel's page directory, until it is interrupted.
 *
 * Invariant: an env is on the queue if and only if it is ENV_RUNNABLE and has no dataplane.
 */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/console.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/monitor.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/sleep.h>
#include <kern/spinlock.h>
#include <kern/syscall.h>

static struct {
	struct Env *head, *tail;
} queue;

static bool is_queued(const struct Env *e) { return e->env_status == ENV_RUNNABLE && !e->env_dp; }

static void enqueue(struct Env *e)
{
	e->env_link = NULL;
	e->env_prev = queue.tail;
	*(queue.tail ? &queue.tail->env_link : &queue.head) = e;
	queue.tail = e;
}

static void dequeue(struct Env *e)
{
	*(e->env_prev ? &e->env_prev->env_link : &queue.head) = e->env_link;
	*(e->env_link ? &e->env_link->env_prev : &queue.tail) = e->env_prev;
	e->env_link = e->env_prev = NULL;
}

/*
 * This CPU is about to run an env: if others are ready, wake one idle shared CPU, unless somebody does already. Not
 * before: an env that has made another ready and then waits for it gives it this CPU, without an interrupt.
 */
void sched_share(void)
{
	if (!queue.head)
		return;
	for (struct CpuInfo *c = cpus; c < cpus + ncpu; c++) {
		if (c->cpu_status == CPU_HALTED && !c->cpu_dp && !(c->cpu_mail & MAIL_SCHED)) {
			mail_post(c, MAIL_SCHED);
			return;
		}
	}
}

/* It was told to stop while on another CPU, and has not noticed yet. */
static bool still_on_cpu(const struct Env *e) { return env_elsewhere(e) && !e->env_dp; }

void sched_ready(struct Env *e)
{
	if (is_queued(e))
		return;
	if (still_on_cpu(e)) {
		e->env_status = ENV_RUNNING;
		return;
	}
	ipc_stop_waiting(e);
	e->env_status = ENV_RUNNABLE;
	e->env_wait = ENV_WAIT_NONE;
	e->env_wait_id = 0;
	if (e->env_dp) {
		mail_post(&cpus[dp_cpu(e)], MAIL_SCHED);
		return;
	}
	enqueue(e);
}

void sched_remove(struct Env *e, unsigned status)
{
	if (is_queued(e))
		dequeue(e);
	ipc_stop_sending(e);
	e->env_status = status;
}

bool sched_is_stopped(void) { return curenv->env_status == ENV_NOT_RUNNABLE; }

void sched_block(int why)
{
	if (!sched_is_stopped())
		curenv->env_wait = why;
	sched_remove(curenv, ENV_NOT_RUNNABLE);
	sched_yield();
}

void sched_wake(int why, envid_t id)
{
	for (struct Env *e = envs; e < envs + NENV; e++) {
		if (e->env_status == ENV_NOT_RUNNABLE && e->env_wait == why && e->env_wait_id == id)
			sched_ready(e);
	}
}

void cons_input_ready(void) { sched_wake(ENV_WAIT_CONS, 0); }

/* Keys, frames and time come from outside; a message or another's end do not. */
static bool waits_for_device(const struct Env *e)
{
	return e->env_wait == ENV_WAIT_CONS || e->env_wait == ENV_WAIT_NET || e->env_wait == ENV_WAIT_TIME;
}

/* Can anything ever run again without help from outside? */
static bool anything_lives(void)
{
	for (struct Env *e = envs; e < envs + NENV; e++) {
		bool blocked = e->env_status == ENV_NOT_RUNNABLE && !e->env_dp;
		if (blocked ? waits_for_device(e) : e->env_status != ENV_FREE)
			return true;
	}
	return false;
}

/* Give up the lock and sleep on an empty stack. The next interrupt enters trap(), which never comes back here. */
static void __attribute__((noreturn)) halt(void)
{
	struct CpuInfo *c = thiscpu;

	c->cpu_env = NULL;
	if (c->cpu_pgdir != kern_pgdir)
		load_pgdir(kern_pgdir);
	c->cpu_status = CPU_HALTED;
	uint32_t us = sleep_us_left();
	if (us && !c->cpu_timer_armed) /* one that is armed comes within a tick, and this CPU here again */
		lapic_timer_oneshot(us);
	unlock_kernel();
	mail_leave_kernel();
	asm volatile("movl $0, %%ebp\n\t"
		     "movl %0, %%esp\n\t"
		     "sti\n"
		     "1:\thlt\n\t"
		     "jmp 1b" ::"r"(c->cpu_ts.ts_esp0));
	__builtin_unreachable();
}

static void __attribute__((noreturn)) idle(void)
{
	if (!anything_lives()) {
		cprintf("No runnable environments in the system!\n");
		debug_exit(EXIT_OK);
		for (;;)
			monitor(NULL);
	}
	halt();
}

/*
 * The env of this CPU's dataplane gets the CPU if it can run, but not before at least one cycle has passed, so that one which
 * yields in a loop does not starve its own network. While it waits, cycles go on without it. dp_run_without_app() runs at
 * least one, without the big lock, which is held here before and after, and comes back when there is mail (MAIL_SCHED) for
 * the scheduler; the letter that said what became of the env may have been taken by the trap that led here, so if it can run,
 * or be ended (env_may_go()), post one again (mail_post()), and take it at the end (mail_take()). Other envs that are ready
 * go to other CPUs before that: sched_share().
 */
static void run_without_env(struct CpuInfo *c, struct Env *e)
{
#ifndef EXERCISE_15
	if (e->env_status == ENV_RUNNABLE || env_may_go(e))
		mail_post(c, MAIL_SCHED);
	sched_share();
	unlock_kernel();
	dp_run_without_app(e);
	lock_kernel();
	mail_take(MAIL_SCHED);
#else
	/* LAB IX: Your code here. (Exercise 15) Until then, the network stands still when the env does. */
	bool waits = e->env_status != ENV_RUNNABLE && !env_may_go(e);

	unlock_kernel();
	for (; waits && !(c->cpu_mail & MAIL_SCHED); cpu_relax())
		mail_poll();
	lock_kernel();
	mail_take(MAIL_SCHED);
#endif
}

/* The CPU is reserved: its dataplane's env runs, or the dataplane alone. Returns when the reservation has ended. */
static void sched_reserved(struct CpuInfo *c)
{
	c->cpu_env = NULL; /* whoever was here last: nobody must wait for this CPU to notice what became of it */
	while (c->cpu_dp) {
		struct Env *e = dp_env(c->cpu_dp);

		if (c->cpu_pgdir != e->env_pgdir)
			load_pgdir(e->env_pgdir);
		run_without_env(c, e);
		if (e->env_status == ENV_DYING)
			env_reap(e);
		else if (e->env_status == ENV_RUNNABLE)
			env_run(e);
	}
}

void sched_yield(void)
{
	struct CpuInfo *c = thiscpu;
	struct Env *e = c->cpu_env;

	if (e && e->env_status == ENV_RUNNING)
		sched_ready(e);
	else if (e && e->env_status == ENV_DYING)
		env_reap(e);
	if (c->cpu_dp)
		sched_reserved(c);
	mail_take(MAIL_SCHED);
	sleep_wake();
	e = queue.head;
	if (!e)
		idle();
	dequeue(e);
	env_run(e);
}
