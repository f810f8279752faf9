/* SPDX-License-Identifier: MIT */
/* System calls of the dataplane, as far as they need the core: inc/ix.h has their contracts. */
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/sched.h>
#include <kern/syscall.h>

/* (cpu, config): on success the caller goes on on the reserved CPU, and this one finds other work. */
int32_t sys_dp_attach(const uint32_t *a)
{
	struct Env *e = curenv;
	int r = dp_attach(e, a[0], a[1]);

	if (r < 0)
		return r;
	if (dp_cpu(e) == cpunum() || dp_cpu(e) < 0)
		return 0;
	curenv = NULL;
	sched_ready(e); /* eax is 0 in its frame: kern/syscall.c */
	sched_yield();
}

int32_t sys_dp_detach(const uint32_t *a)
{
	(void)a;
	return dp_detach(curenv);
}

/* Only for callers without a CPU of their own: those with one never come here (kern/trap.c). */
int32_t sys_run_io(const uint32_t *a) { return dp_run_parked(curenv, a[0]); }

int32_t sys_dp_stat(const uint32_t *a) { return dp_stat(curenv, a[0], a[1]); }

int32_t sys_dp_ctl(const uint32_t *a) { return dp_ctl(curenv, a[0], a[1], a[2], a[3]); }
