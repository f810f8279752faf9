/* SPDX-License-Identifier: MIT */
/* Environments: allocation, first loading, death, and the way back to user mode. */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/console.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/elf.h>
#include <kern/env.h>
#include <kern/gdt.h>
#include <kern/lab6.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/syscall.h>

enum { GENERATION_STEP = 0x1000, ARGV_MAX = 16, TICK_US = 10000 };

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

/*
 * The first stack page, as lib/entry.S expects it:  argc, argv -> | argv[0] .. argv[argc-1], NULL | strings |
 * Without arguments the stack is left empty, and entry.S makes up argc 0.
 */
static int push_args(struct Env *e, int argc, const char *const *argv)
{
	char page[PGSIZE / 2]; /* the upper half of the stack page */
	uint32_t words[2 + ARGV_MAX + 1];
	size_t used = 0;

	if (argc == 0)
		return env_fill(e, USTACKTOP - PGSIZE, NULL, 0, PGSIZE);
	if (argc > ARGV_MAX)
		return -E_INVAL;
	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]) + 1;
		if (used + n > sizeof(page) - sizeof(words))
			return -E_INVAL;
		used += n;
		memcpy(page + sizeof(page) - used, argv[i], n);
		words[2 + i] = USTACKTOP - used;
	}
	words[2 + argc] = 0;
	used = ROUNDUP(used, 4) + (3 + argc) * 4;
	e->env_tf.tf_esp = USTACKTOP - used;
	words[0] = argc;
	words[1] = e->env_tf.tf_esp + 8;
	memcpy(page + sizeof(page) - used, words, (3 + argc) * 4);
	int r = env_fill(e, USTACKTOP - PGSIZE, NULL, 0, PGSIZE);
	return r < 0 ? r : env_fill(e, USTACKTOP - used, page + sizeof(page) - used, used, used);
}

struct Env *env_create(const uint8_t *binary, size_t size, enum EnvType type, int argc, const char *const *argv)
{
	struct Env *e;
	int r = env_alloc(&e, 0);
	if (r < 0)
		goto failed;

	r = elf_load(e, binary, size);
	if (r == 0)
		r = push_args(e, argc, argv);
	if (r < 0) {
		env_free(e);
		goto failed;
	}
	e->env_type = type;
	if (type == ENV_TYPE_FS)
		e->env_tf.tf_eflags |= FL_IOPL_3; /* it drives the disk by itself */
	sched_ready(e);
	return e;
failed:
	cprintf("a program cannot be loaded: %e\n", r);
	return NULL;
}

struct Env *env_leader(const struct Env *e) { return &envs[ENVX(e->env_leader_id)]; }

static bool is_leader(const struct Env *e) { return e->env_id == e->env_leader_id; }

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
	e->env_status = ENV_FREE;
	sched_wake(ENV_WAIT_ENV, e->env_id);
	if (curenv == e)
		curenv = NULL;
	e->env_link = free_list;
	free_list = e;
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
