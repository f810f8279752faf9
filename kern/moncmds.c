/* SPDX-License-Identifier: MIT */
/* Monitor commands that show the state of memory, environments and CPUs. Only the last two change anything. */
#include <inc/stdio.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/env.h>
#include <kern/monitor.h>
#include <kern/pmap.h>

static const char *const env_statuses[] = {
	[ENV_FREE] = "free",       [ENV_DYING] = "dying",     [ENV_RUNNABLE] = "runnable",
	[ENV_RUNNING] = "running", [ENV_NOT_RUNNABLE] = "waiting",
};
static const char *const env_types[] = {
	[ENV_TYPE_USER] = "user",  [ENV_TYPE_FS] = "fs",      [ENV_TYPE_NS] = "ns",
};
static const char *const cpu_statuses[] = {
	[CPU_UNUSED] = "unused",   [CPU_STARTED] = "started", [CPU_HALTED] = "halted",
};

static void print_env(const struct Env *e)
{
	cprintf("%08x %08x %-4s %-8s %3d %8u %08x\n", e->env_id, e->env_parent_id, env_types[e->env_type],
		env_statuses[e->env_status], e->env_cpunum, e->env_runs, e->env_tf.tf_eip);
}

MONITOR_CMD(envs_command, "envs", "list the environments");
static int envs_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	cprintf("env      parent   type status   cpu     runs eip\n");
	for (const struct Env *e = envs; envs && e < envs + NENV; e++)
		if (e->env_status != ENV_FREE)
			print_env(e);
	return 0;
}

static void print_cpu(const struct CpuInfo *c)
{
	cprintf("%3d %4d %-7s %08x %4x %s\n", c->cpu_id, c->cpu_apicid, cpu_statuses[c->cpu_status],
		c->cpu_env ? c->cpu_env->env_id : 0, c->cpu_mail, c->cpu_dp ? "reserved" : "shared");
}

MONITOR_CMD(cpus_command, "cpus", "list the CPUs");
static int cpus_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	cprintf("cpu apic status  env      mail kind\n");
	for (const struct CpuInfo *c = cpus; c < cpus + ncpu; c++)
		print_cpu(c);
	return 0;
}

MONITOR_CMD(mem_command, "mem", "count the pages of memory");
static int mem_command(int argc, char **argv, struct Trapframe *tf)
{
	size_t nfree = page_nfree();

	(void)argc, (void)argv, (void)tf;
	cprintf("pages: %u, of them free: %u\n", npages, nfree);
	return 0;
}

/* A stretch of consecutive virtual pages that are mapped to consecutive frames with the same rights. */
struct mapping {
	uint32_t page, frame, count;
	uint32_t flags; /* PTE_x; 0: empty */
};

#define SHOWN_FLAGS (PTE_P | PTE_W | PTE_U | PTE_PS | PTE_PCD | PTE_AVAIL)

/*
 * How `page` is mapped; count tells how many pages can be stepped over. The window at UVPT is left out: it
 * only repeats the rest.
 */
static struct mapping look_up(const pde_t *pgdir, uint32_t page)
{
	pde_t pde = pgdir[page / NPTENTRIES];
	uint32_t place = page % NPTENTRIES;
	struct mapping m = { .page = page, .count = NPTENTRIES - place };

	if (!(pde & PTE_P) || page / NPTENTRIES == PDX(UVPT))
		return m;
	if (pde & PTE_PS) {
		m.flags = pde & SHOWN_FLAGS;
		m.frame = PGNUM(PTE_ADDR(pde)) + place;
		return m;
	}
	pte_t pte = ((const pte_t *)KADDR(PTE_ADDR(pde)))[place];
	m.count = 1;
	if (pte & PTE_P) {
		m.flags = pte & (pde | ~(PTE_W | PTE_U)) & SHOWN_FLAGS & ~PTE_PS;
		m.frame = PGNUM(PTE_ADDR(pte));
	}
	return m;
}

static void print_mapping(const struct mapping *m)
{
	uint32_t first = m->page << PGSHIFT, last = ((m->page + m->count) << PGSHIFT) - 1;

	if (!m->flags)
		return;
	cprintf("%08x-%08x -> %08x  %s ", first, last, m->frame << PGSHIFT, m->flags & PTE_PS ? "4M" : "4K");
	cprintf("%c%c%c", m->flags & PTE_U ? 'u' : '-', m->flags & PTE_W ? 'w' : '-', m->flags & PTE_PCD ? 'n' : '-');
	if (m->flags & PTE_AVAIL)
		cprintf(" avail %x", m->flags & PTE_AVAIL);
	cprintf("\n");
}

static bool continues(const struct mapping *m, const struct mapping *next)
{
	return m->flags == next->flags && (!m->flags || m->frame + m->count == next->frame);
}

/* Pages `first` to `end` - 1. */
static void show_mappings(const pde_t *pgdir, uint32_t first, uint32_t end)
{
	struct mapping stretch = { .page = first };

	for (uint32_t page = first; page < end;) {
		struct mapping m = look_up(pgdir, page);

		m.count = MIN(m.count, end - page);
		page += m.count;
		if (continues(&stretch, &m)) {
			stretch.count += m.count;
			continue;
		}
		print_mapping(&stretch);
		stretch = m;
	}
	print_mapping(&stretch);
}

/* Addresses and environments are written as they are shown: in hexadecimal, with 0x or without. */
static bool parse_number(const char *word, uint32_t *value)
{
	char *rest;

	*value = strtol(word, &rest, 16);
	if (*rest == '\0' && rest != word)
		return true;
	cprintf("'%s' is not a hexadecimal number\n", word);
	return false;
}

static struct Env *env_named(uint32_t envid)
{
	struct Env *e = envs ? &envs[ENVX(envid)] : NULL;

	if (e && (uint32_t)e->env_id == envid && e->env_status != ENV_FREE)
		return e;
	cprintf("There is no environment %08x\n", envid);
	return NULL;
}

static const pde_t *pgdir_of(uint32_t envid)
{
	const struct Env *e = env_named(envid);

	return e ? e->env_pgdir : NULL;
}

MONITOR_CMD(mappings_command, "showmappings",
	    "[first [last [env]]]: page mappings; u user, w writable, n not cached");
static int mappings_command(int argc, char **argv, struct Trapframe *tf)
{
	uint32_t words[3] = { 0, 0xffffffff, 0 };
	const pde_t *pgdir = KADDR(PTE_ADDR(rcr3()));

	(void)tf;
	for (int i = 1; i < argc && i <= (int)ARRAY_SIZE(words); i++)
		if (!parse_number(argv[i], &words[i - 1]))
			return 0;
	if (argc == 2)
		words[1] = words[0];
	if (argc > 3)
		pgdir = pgdir_of(words[2]);
	if (pgdir)
		show_mappings(pgdir, PGNUM(words[0]), PGNUM(words[1]) + 1);
	return 0;
}

/* The monitor runs in the place of who was interrupted: that one, and its program, end when the monitor is left. */
static bool holds_us(const struct Env *e) { return curenv && (curenv == e || env_leader(curenv) == e); }

static envid_t condemned; /* of the interrupted program, or 0 */

MONITOR_CMD(kill_command, "kill", "env: end an environment, whoever's it is");
static int kill_command(int argc, char **argv, struct Trapframe *tf)
{
	uint32_t id;

	(void)tf;
	if (argc != 2) {
		cprintf("usage: kill env\n");
		return 0;
	}
	struct Env *e = parse_number(argv[1], &id) ? env_named(id) : NULL;
	if (!e)
		return 0;
	if (!holds_us(e)) {
		env_destroy(e);
		return 0;
	}
	cprintf("%08x was interrupted: it ends when the monitor is left\n", e->env_id);
	if (!condemned || e == env_leader(e))
		condemned = e->env_id;
	return 0;
}

void monitor_end_condemned(void)
{
	envid_t id = condemned;

	condemned = 0;
	if (id)
		env_destroy(&envs[ENVX(id)]);
}

MONITOR_CMD(panic_command, "panic", "end it all, to see what a panic looks like");
static int panic_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	panic("as asked on the console");
}
