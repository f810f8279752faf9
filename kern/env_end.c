/* SPDX-License-Identifier: MIT */
/*
 * How environments end. A CPU that has an env's page directory must leave it before the env is freed: an env that runs elsewhere
 * is marked ENV_DYING, and freed by the CPU that has it. The first thread of a program goes last. The contract is env.h.
 */
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/lab6.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/syscall.h>

static bool is_leader(const struct Env *e) { return e->env_id == e->env_leader_id; }

/*
 * Children that e has not let run yet die with it: nobody else may start them, or end them. They have no children, and
 * no threads. A thread that was not started yet is its program's to end.
 */
static void free_unborn(const struct Env *e)
{
	for (struct Env *child = envs; child < envs + NENV; child++) {
		if (child->env_parent_id == e->env_id && child->env_status == ENV_NOT_RUNNABLE && child->env_runs == 0 &&
		    is_leader(child))
			env_free(child);
	}
}

static bool is_alone(const struct Env *e) { return e->env_next_thread == e; }

static void leave_threads(struct Env *e)
{
	struct Env *before = e;

	while (before->env_next_thread != e)
		before = before->env_next_thread;
	before->env_next_thread = e->env_next_thread;
}

/* The CPU that alone may free e, and later: where e is, or the one reserved for it. NULL: here and now is right. */
static struct CpuInfo *keeper_of(const struct Env *e)
{
	return e->env_dp && e != curenv ? &cpus[dp_cpu(e)] : env_elsewhere(e);
}

/* A thread of a dying program has gone. The first of them has waited for that, and goes when it is the only one. */
static void end_leader(struct Env *leader)
{
	if (leader->env_status == ENV_DYING && is_alone(leader))
		env_destroy(leader);
}

/* Only where e runs, or where it cannot run: no CPU may be on its page directory any more. */
void env_free(struct Env *e)
{
	struct Env *leader = env_leader(e);

	sched_remove(e, ENV_DYING); /* while it still shows, by env_dp, whether it is on the run queue */
	free_unborn(e);
	dp_env_free(e);
	control_env_free(e);
	lab6_env_free(e);
	ipc_env_free(e);
	if (thiscpu->cpu_pgdir == e->env_pgdir)
		load_pgdir(kern_pgdir);
	env_tell("free env %08x\n", e->env_id);
	pgdir_free(e->env_pgdir);
	e->env_pgdir = NULL;
	leave_threads(e);
	env_put(e);
	sched_wake(ENV_WAIT_ENV, e->env_id);
	if (curenv == e)
		curenv = NULL;
	if (leader != e)
		end_leader(leader);
}

/* The first thread's place in envs[] stands for the program, and its dataplane for the others': it goes last. */
bool env_may_go(const struct Env *e) { return e->env_status == ENV_DYING && (!is_leader(e) || is_alone(e)); }

void env_reap(struct Env *e)
{
	if (env_may_go(e))
		env_free(e);
	else if (curenv == e)
		curenv = NULL;
}

/* One thread, wherever it is; if that is this CPU, it goes on without an env. */
static void end_thread(struct Env *e)
{
	struct CpuInfo *keeper = keeper_of(e);

	sched_remove(e, ENV_DYING);
	if (keeper)
		mail_post(keeper, MAIL_SCHED);
	else
		env_reap(e);
}

/* All threads but the first. Those that are elsewhere stay in the ring until their CPUs have noticed. */
static void end_others(struct Env *leader)
{
	struct Env *e = leader->env_next_thread, *next;

	for (; e != leader; e = next) {
		next = e->env_next_thread;
		if (e->env_status != ENV_DYING)
			end_thread(e);
	}
}

/* The first thread is marked before the others end, whose dataplanes need not care for flows then. */
void env_destroy(struct Env *e)
{
	struct Env *self = curenv;
	envid_t id = e->env_id;

	if (is_leader(e)) {
		sched_remove(e, ENV_DYING);
		end_others(e);
	}
	if (e->env_id == id && e->env_status != ENV_FREE) /* else it went with the last of the others */
		end_thread(e);
	if (self && !curenv)
		sched_yield();
}

void env_end_program(struct Env *e)
{
	struct Env *leader = env_leader(e);

	env_destroy(leader->env_status == ENV_DYING ? e : leader);
}
