/* SPDX-License-Identifier: MIT */
/*
 * Environments: the table of them, who may name whom, and the way back to user mode. env_create.c loads those that the kernel
 * has in its own image; env_end.c ends them.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/console.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/gdt.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>

enum { GENERATION_STEP = 0x1000, TICK_US = 10000 };

struct Env *envs;
static struct Env *free_list;

void env_init(void)
{
	for (int i = NENV - 1; i >= 0; i--) {
		envs[i].env_link = free_list;
		free_list = &envs[i];
	}
}

void env_tell(const char *fmt, ...)
{
	va_list ap;

	if (!bootarg("run"))
		return;
	va_start(ap, fmt);
	cons_lock();
	cprintf("[%08x] ", curenv ? curenv->env_id : 0);
	vcprintf(fmt, ap);
	cons_unlock();
	va_end(ap);
}

/* An id of the place in envs[] that was not used before; positive, and never below 0x1000. */
static envid_t next_id(const struct Env *e)
{
	envid_t generation = ((uint32_t)e->env_id + GENERATION_STEP) & ~(NENV - 1);

	return (generation > 0 ? generation : GENERATION_STEP) | (e - envs);
}

/*
 * A free env with what all begin with. `pgdir` becomes its own; NULL, which means that memory was out, leaves the env
 * as it is, so that no id comes twice.
 */
static int env_make(struct Env **store, pde_t *pgdir, envid_t parent)
{
	struct Env *e = free_list;
	if (!pgdir)
		return -E_NO_MEM;

	envid_t id = next_id(e);
	free_list = e->env_link;
	memset(e, 0, sizeof(*e));
	e->env_pgdir = pgdir;
	e->env_next_thread = e;
	e->env_id = e->env_leader_id = id;
	e->env_parent_id = parent;
	e->env_tf.tf_ds = e->env_tf.tf_es = e->env_tf.tf_ss = GD_UD | 3;
	e->env_tf.tf_cs = GD_UT | 3;
	e->env_tf.tf_esp = USTACKTOP;
	e->env_tf.tf_eflags = FL_IF;
	e->env_status = ENV_NOT_RUNNABLE;
	*store = e;
	env_tell("new env %08x\n", id);
	return 0;
}

void env_put(struct Env *e)
{
	e->env_status = ENV_FREE;
	e->env_link = free_list;
	free_list = e;
}

int env_alloc(struct Env **store, envid_t parent)
{
	return free_list ? env_make(store, pgdir_make(), parent) : -E_NO_FREE_ENV;
}

int env_alloc_thread(struct Env **store, struct Env *of)
{
	if (!free_list)
		return -E_NO_FREE_ENV;
	int r = env_make(store, pgdir_make_shared(of->env_pgdir), of->env_parent_id);
	if (r < 0)
		return r;
	struct Env *e = *store;
	e->env_leader_id = of->env_leader_id;
	e->env_next_thread = of->env_next_thread;
	of->env_next_thread = e;
	return 0;
}

struct Env *env_leader(const struct Env *e) { return &envs[ENVX(e->env_leader_id)]; }

bool env_shares_space(const struct Env *a, const struct Env *b) { return a->env_leader_id == b->env_leader_id; }

/* A program may act on its children, whichever of its threads made them. */
static bool is_child(const struct Env *e, const struct Env *self)
{
	const struct Env *parent = &envs[ENVX(e->env_parent_id)];

	return e->env_parent_id == self->env_id ||
	       (parent->env_id == e->env_parent_id && parent->env_status != ENV_FREE && env_shares_space(parent, self));
}

int envid2env(envid_t id, struct Env **store, bool checkperm)
{
	struct Env *self = curenv;
	struct Env *e = id ? &envs[ENVX(id)] : self;

	*store = NULL;
	if (id && (e->env_id != id || e->env_status == ENV_FREE || e->env_status == ENV_DYING))
		return -E_BAD_ENV;
	if (checkperm && !env_shares_space(e, self) && !is_child(e, self))
		return -E_BAD_ENV;
	*store = e;
	return 0;
}

struct CpuInfo *env_elsewhere(const struct Env *e)
{
	struct CpuInfo *c = &cpus[e->env_cpunum];

	return c != thiscpu && c->cpu_env == e ? c : NULL;
}

/* Let a time slice begin, unless one runs. A reserved CPU has no slices, for nobody else waits for it, but a watchdog. */
static void arm_slice(struct CpuInfo *c)
{
	if (c->cpu_env->env_dp) {
		dp_keep_watch(c->cpu_env);
		return;
	}
	if (c->cpu_timer_armed)
		return;
	c->cpu_timer_armed = true;
	lapic_timer_oneshot(TICK_US);
}

void env_run(struct Env *e)
{
	struct CpuInfo *c = thiscpu;

	if (c->cpu_env != e) {
		c->cpu_env = e;
		e->env_runs++;
		gdt_load_user_segments();
	}
	e->env_status = ENV_RUNNING;
	e->env_cpunum = cpunum();
	if (c->cpu_pgdir != e->env_pgdir)
		load_pgdir(e->env_pgdir);
	arm_slice(c);
	sched_share();
	unlock_kernel();
	env_pop_tf(&e->env_tf);
}

void env_pop_tf(struct Trapframe *tf)
{
	mail_leave_kernel();
	asm volatile("movl %0, %%esp\n\t"
		     "popal\n\t"
		     "popl %%es\n\t"
		     "popl %%ds\n\t"
		     "addl $8, %%esp\n\t" /* trap number and error code */
		     "iret" ::"g"(tf)
		     : "memory");
	__builtin_unreachable();
}
