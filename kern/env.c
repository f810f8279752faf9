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

/* NULL when memory is out. */
static pde_t *make_address_space(void)
{
	struct PageInfo *pp = page_alloc(ALLOC_ZERO);
	if (!pp)
		return NULL;

	pp->pp_ref++;
	pde_t *pgdir = page2kva(pp);
	memcpy(&pgdir[PDX(UTOP)], &kern_pgdir[PDX(UTOP)], (NPDENTRIES - PDX(UTOP)) * sizeof(pde_t));
	pgdir[PDX(UVPT)] = page2pa(pp) | PTE_P | PTE_U;
	return pgdir;
}

int env_alloc(struct Env **store, envid_t parent)
{
	struct Env *e = free_list;
	if (!e)
		return -E_NO_FREE_ENV;
	pde_t *pgdir = make_address_space();
	if (!pgdir)
		return -E_NO_MEM; /* and *e keeps its old id, so that no id comes twice */

	envid_t id = next_id(e);
	free_list = e->env_link;
	memset(e, 0, sizeof(*e));
	e->env_pgdir = pgdir;
	e->env_id = id;
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

int envid2env(envid_t id, struct Env **store, bool checkperm)
{
	struct Env *self = curenv;
	struct Env *e = id ? &envs[ENVX(id)] : self;

	*store = NULL;
	if (id && (e->env_id != id || e->env_status == ENV_FREE || e->env_status == ENV_DYING))
		return -E_BAD_ENV;
	if (checkperm && e != self && e->env_parent_id != self->env_id)
		return -E_BAD_ENV;
	*store = e;
	return 0;
}

struct CpuInfo *env_elsewhere(const struct Env *e)
{
	struct CpuInfo *c = &cpus[e->env_cpunum];

	return c != thiscpu && c->cpu_env == e ? c : NULL;
}

static void free_user_half(pde_t *pgdir)
{
	for (unsigned d = 0; d < PDX(UTOP); d++) {
		if (!(pgdir[d] & PTE_P))
			continue;
		pte_t *table = KADDR(PTE_ADDR(pgdir[d]));
		for (unsigned t = 0; t < NPTENTRIES; t++) {
			if (table[t] & PTE_P)
				page_remove(pgdir, PGADDR(d, t, 0));
		}
		pgdir[d] = 0;
		page_decref(pa2page(PADDR(table)));
	}
}

/* Children that e has not let run yet die with it: nobody else may start them, or end them. They have no children. */
static void free_unborn(const struct Env *e)
{
	for (struct Env *child = envs; child < envs + NENV; child++) {
		if (child->env_parent_id == e->env_id && child->env_status == ENV_NOT_RUNNABLE && child->env_runs == 0)
			env_free(child);
	}
}

/* Only where e runs, or where it cannot run: with the last mapping gone no CPU may be on its page directory. */
void env_free(struct Env *e)
{
	sched_remove(e, ENV_DYING); /* while it still shows, by env_dp, whether it is on the run queue */
	free_unborn(e);
	if (e->env_dp)
		dp_env_free(e);
	lab6_env_free(e);
	ipc_env_free(e);
	if (thiscpu->cpu_pgdir == e->env_pgdir)
		load_pgdir(kern_pgdir);
	env_tell("free env %08x\n", e->env_id);
	free_user_half(e->env_pgdir);
	page_decref(pa2page(PADDR(e->env_pgdir)));
	e->env_pgdir = NULL;
	e->env_status = ENV_FREE;
	sched_wake(ENV_WAIT_ENV, e->env_id);
	if (curenv == e)
		curenv = NULL;
	e->env_link = free_list;
	free_list = e;
}

/* The CPU that alone may free e, and later: where e is, or the one reserved for it. NULL: here and now is right. */
static struct CpuInfo *keeper_of(const struct Env *e)
{
	return e->env_dp && e != curenv ? &cpus[dp_cpu(e)] : env_elsewhere(e);
}

void env_destroy(struct Env *e)
{
	struct CpuInfo *keeper = keeper_of(e);

	if (keeper) {
		sched_remove(e, ENV_DYING);
		mail_post(keeper, MAIL_SCHED);
		return;
	}
	bool self = e == curenv;
	env_free(e);
	if (self)
		sched_yield();
}

/* Let a time slice begin, unless one runs. A reserved CPU has no slices, for nobody else waits for it, but a watchdog. */
static void arm_slice(struct CpuInfo *c)
{
	if (c->cpu_env->env_dp) {
		dp_watch(c->cpu_env);
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
