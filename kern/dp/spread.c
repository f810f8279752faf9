/* SPDX-License-Identifier: MIT */
/*
 * Which thread shall have which group, and which thread a CPU: the control side's levers (plane.h). What they change is
 * done by the CPUs themselves, when it is safe (move.c).
 */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/dp/member.h>
#include <kern/env.h>
#include <kern/sched.h>

struct plane *plane_of_nic(uint32_t nic)
{
	for (int i = 0; i < ncpu; i++) {
		struct dp *dp = cpus[i].cpu_dp;
		if (dp && (uint32_t)(dp->nd - netdevs) == nic)
			return dp->plane;
	}
	return NULL;
}

/*
 * The CPU to reserve: the wanted one, or for IX_ANY_CPU the highest, if it runs (its status is not CPU_UNUSED), is not
 * reserved already, and is not CPU 0, where the devices' interrupts go. NULL: none. `wanted` is any number.
 */
struct CpuInfo *cpu_choose(int wanted)
{
#ifndef EXERCISE_15
	for (int i = ncpu - 1; i > 0; i--) {
		bool free = cpus[i].cpu_status != CPU_UNUSED && !cpus[i].cpu_dp;
		if (free && (wanted == IX_ANY_CPU || wanted == i))
			return &cpus[i];
	}
	return NULL;
#else
	/* LAB IX: Your code here. (Exercise 15) */
	(void)wanted;
	return ncpu > 1 && !cpus[1].cpu_dp ? &cpus[1] : NULL;
#endif
}

static bool serves(const struct dp *dp) { return dp && dp->cpu && !dp->leaving; }

void plane_ask_all(struct plane *p)
{
	for (int i = 0; i < IX_NTHREADS; i++) {
		if (p->members[i])
			plane_ask(p->members[i]);
	}
}

void dp_pin_taken(void)
{
	for (int i = 0; i < ncpu; i++) {
		if (cpus[i].cpu_dp)
			plane_ask(cpus[i].cpu_dp);
	}
}

#ifndef EXERCISE_17
/* How many groups each thread is to have, by number: as even as it can be. */
static void shares_of(struct plane *p, const struct dp *but, uint32_t share[IX_NTHREADS])
{
	uint32_t n = 0, k = 0;

	for (int i = 0; i < IX_NTHREADS; i++)
		n += serves(p->members[i]) && p->members[i] != but;
	for (int i = 0; i < IX_NTHREADS; i++) {
		bool counts = serves(p->members[i]) && p->members[i] != but;
		share[i] = counts ? (p->ngroups + k) / n : 0;
		k += counts;
	}
}
#endif

/*
 * Say anew which thread shall have which group (p->want): the threads that serve, but for `but`, which is about to leave
 * (NULL: nobody is), each get as many as any other, or one more; all others none. As few groups as can be move, since a
 * move keeps its flows waiting: only of those who have too many, or may have none. Thread 0 always serves, and takes all if
 * nobody else does.
 *
 * Other CPUs read p->want, under table_lock; when it is written, plane_ask_all() has each look, and hand over what is
 * wanted elsewhere (move.h).
 */
void plane_spread(struct plane *p, const struct dp *but)
{
#ifndef EXERCISE_17
	uint32_t share[IX_NTHREADS];
	int to = 0;

	shares_of(p, but, share);
	spin_lock(&p->table_lock);
	for (uint32_t i = 0; i < p->ngroups; i++) {
		if (share[p->want[i]]) {
			share[p->want[i]]--;
			continue;
		}
		p->want[i] = NOBODY;
	}
	for (uint32_t i = 0; i < p->ngroups; i++) {
		while (to < IX_NTHREADS && !share[to])
			to++;
		if (p->want[i] != NOBODY)
			continue;
		p->want[i] = to < IX_NTHREADS ? to : 0;
		share[p->want[i]]--;
	}
	spin_unlock(&p->table_lock);
	plane_ask_all(p);
#else
	/* LAB IX: Your code here. (Exercise 17) Until then, thread 0 keeps them all. */
	(void)p, (void)but, (void)serves, (void)plane_ask_all;
#endif
}

/*
 * plane.h has the results; cpu_choose() knows which CPU can be had. A parked thread that waits is one with an env and without
 * a CPU, whose env is not runnable and waits for ENV_WAIT_DP. member_give_cpu() gives it the CPU and its share of the groups,
 * sched_ready() wakes it. Nothing changes if there is an error.
 */
int plane_add_cpu(struct plane *p, int cpu)
{
#ifndef EXERCISE_17
	struct CpuInfo *c = cpu_choose(cpu);

	if (!c)
		return -E_NO_CPU;
	for (int i = 0; i < IX_NTHREADS; i++) {
		struct dp *dp = p->members[i];
		if (!dp || !dp->env || dp->cpu || dp->env->env_status != ENV_NOT_RUNNABLE || dp->env->env_wait != ENV_WAIT_DP)
			continue;
		member_give_cpu(dp, c);
		sched_ready(dp->env);
		return i;
	}
	return -E_AGAIN;
#else
	/* LAB IX: Your code here. (Exercise 17) */
	(void)p, (void)cpu;
	return -E_NOT_SUPP;
#endif
}

/*
 * plane.h has the results; `cpu` is any number. From here on its thread is `leaving`, so that it does not serve any more, and
 * its groups are spread over the others. It is parked by itself, when the last of them is gone.
 */
int plane_remove_cpu(struct plane *p, int cpu)
{
#ifndef EXERCISE_17
	struct dp *dp = cpu >= 0 && cpu < ncpu ? cpus[cpu].cpu_dp : NULL;

	if (!dp || dp->plane != p || dp->thread == 0)
		return -E_INVAL;
	if (dp->leaving)
		return -E_AGAIN;
	dp->leaving = true;
	plane_spread(p, NULL);
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 17) */
	(void)p, (void)cpu;
	return -E_NOT_SUPP;
#endif
}

int plane_move_group(struct plane *p, uint32_t group, uint32_t thread)
{
	if (group >= p->ngroups || thread >= IX_NTHREADS || !p->members[thread] || !p->members[thread]->env)
		return -E_INVAL;
	if (!serves(p->members[thread]))
		return -E_AGAIN;
	spin_lock(&p->table_lock);
	bool settled = p->want[group] == p->table[group];
	if (settled)
		p->want[group] = thread;
	spin_unlock(&p->table_lock);
	plane_ask_all(p);
	return settled ? 0 : -E_AGAIN;
}

/* ---- Parked threads ---- */

int dp_run_parked(struct Env *e, uint32_t ncalls)
{
	struct dp *dp = e->env_dp_parked;

	if (!dp || ncalls > IX_NCALLS)
		return -E_INVAL;
	for (uint32_t i = 0; i < ncalls; i++)
		dp->calls[i].result = -E_AGAIN;
	if (!ncalls)
		sched_block(ENV_WAIT_DP);
	return 0;
}

void dp_park(struct Env *e)
{
	if (!e->env_dp || !e->env_dp->parks)
		return;
	member_take_cpu(e->env_dp);
	sched_block(ENV_WAIT_DP);
}
