/* SPDX-License-Identifier: MIT */
/* System calls on environments. A program may act on itself and its children. */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/syscall.h>

int32_t sys_getenvid(const uint32_t *a)
{
	(void)a;
	return curenv->env_id;
}

/* (env) */
int32_t sys_env_destroy(const uint32_t *a)
{
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r < 0)
		return r;
	if (e == curenv)
		env_tell("exiting gracefully\n");
	else
		env_tell("destroying %08x\n", e->env_id);
	env_destroy(e);
	return 0;
}

/* (env): returns when that env is gone; at once if it is already. Anyone may wait for anyone, also for the dying. */
int32_t sys_env_wait(const uint32_t *a)
{
	const struct Env *e = &envs[ENVX(a[0])];

	if (a[0] == 0 || e == curenv)
		return -E_INVAL;
	if ((uint32_t)e->env_id != a[0] || e->env_status == ENV_FREE)
		return 0;
	curenv->env_wait_id = e->env_id;
	sched_block(ENV_WAIT_ENV);
}

int32_t sys_yield(const uint32_t *a)
{
	(void)a;
	sched_yield();
}

/* A child with this env's registers and an empty address space, that does not run yet. To the child this returns 0. */
int32_t sys_exofork(const uint32_t *a)
{
	struct Env *child;
	int r = env_alloc(&child, curenv->env_id);

	(void)a;
	if (r < 0)
		return r;
	child->env_tf = curenv->env_tf; /* eax is 0 in it: kern/syscall.c */
	child->env_tf.tf_eflags &= ~(FL_IOPL_MASK | FL_TF);
	return child->env_id;
}

/*
 * Without the big lock, which e's CPU needs to let e go. Meanwhile e may be freed, and another be made in its place. Who is
 * told to stop while it waits here goes first: two that stop each other would wait for ever.
 */
static void wait_until_off(struct Env *e, struct CpuInfo *c)
{
	const volatile struct Env *self = curenv;
	envid_t id = e->env_id;

	mail_post(c, MAIL_SCHED);
	unlock_kernel();
	while (c->cpu_env == e && e->env_id == id && e->env_status == ENV_NOT_RUNNABLE && self->env_status == ENV_RUNNING) {
		mail_poll();
		cpu_relax();
	}
	lock_kernel();
}

/* Whatever e waited for, it does not any longer. */
static void stop(struct Env *e)
{
	struct CpuInfo *c = env_elsewhere(e);

	if (e->env_status == ENV_NOT_RUNNABLE)
		sched_ready(e);
	sched_remove(e, ENV_NOT_RUNNABLE);
	if (c)
		wait_until_off(e, c);
}

/*
 * (env, status): ENV_RUNNABLE or ENV_NOT_RUNNABLE. Who is stopped has stopped when this returns, on whatever CPU it
 * was; a system call that it waited in ends early, with -E_IPC_NOT_RECV if that was a message.
 */
int32_t sys_env_set_status(const uint32_t *a)
{
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r < 0)
		return r;
	if (a[1] == ENV_NOT_RUNNABLE)
		stop(e);
	else if (a[1] != ENV_RUNNABLE)
		return -E_INVAL;
	else if (e->env_status == ENV_NOT_RUNNABLE)
		sched_ready(e);
	return 0;
}

/*
 * (env, frame): registers as given, but user segments, interrupts on, no I/O rights, no mode that confuses iret.
 * -E_INVAL while another CPU runs it, which has its registers.
 */
int32_t sys_env_set_trapframe(const uint32_t *a)
{
	const uint32_t settable = FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_DF | FL_OF;
	struct Trapframe tf;
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r < 0)
		return r;
	if (copy_from_user(curenv, &tf, (void *)a[1], sizeof(tf)) < 0)
		return -E_FAULT;
	if (env_elsewhere(e))
		return -E_INVAL;
	tf.tf_eflags = (tf.tf_eflags & settable) | FL_IF;
	tf.tf_cs = GD_UT | 3;
	tf.tf_ds = tf.tf_es = tf.tf_ss = GD_UD | 3;
	e->env_tf = tf;
	return 0;
}

/* (env, address); faults only when a page fault comes, and then to the env itself. */
int32_t sys_env_set_pgfault_upcall(const uint32_t *a)
{
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r == 0)
		e->env_pgfault_upcall = (void *)a[1];
	return r;
}
