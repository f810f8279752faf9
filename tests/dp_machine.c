/* SPDX-License-Identifier: MIT */
/* The machine's CPUs, clock and interrupts; its memory is in dp_memory.c, dp_paging.c, dp_windows.c. See dp_machine.h. */
#include "dp_machine_priv.h"

#include <setjmp.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/env.h>
#include <kern/dev/lapic.h>
#include <kern/sched.h>
#include <kern/sleep.h>
#include <kern/spinlock.h>
#include <kern/trap.h>

struct Env machine_thread[MACHINE_THREADS];
int machine_cpu;
uint64_t machine_us;
uint32_t machine_naps, machine_locks, machine_sched_posts;
bool (*machine_nic_interrupts)(void);
void (*machine_while_napping)(void);
void (*machine_at_locks)(bool taken);
static const char *arg_key, *arg_value;

/* ---- CPUs, locks ---- */

struct CpuInfo cpus[NCPU];
int ncpu;
struct spinlock kernel_lock;

int cpunum(void) { return machine_cpu; }
void mail_poll(void) { thiscpu->cpu_mail &= ~MAIL_TLB; }

struct Env *env_leader(const struct Env *e)
{
	(void)e;
	return &machine_env;
}

bool env_shares_space(const struct Env *a, const struct Env *b) { return a && b; } /* all threads here are one program's */

void load_pgdir(pde_t *pgdir)
{
	thiscpu->cpu_pgdir = pgdir;
	window_see(thread_of(pgdir));
}

void machine_run_on(int cpu, int thread)
{
	machine_cpu = cpu;
	load_pgdir(machine_thread[thread].env_pgdir);
}

/* A thread that is stopped stays where it is until it is made ready again. */
static jmp_buf stops;

void sleep_watch(void) { }

void sched_ready(struct Env *e) { e->env_status = ENV_RUNNING; }

void sched_block(int why)
{
	struct Env *e = &machine_thread[window_seen()];

	e->env_status = ENV_NOT_RUNNABLE;
	e->env_wait = why;
	longjmp(stops, 1);
}

bool machine_parks(struct Env *e)
{
	if (setjmp(stops))
		return true;
	dp_park(e);
	return false;
}

/* The scheduler's own requests are counted, and that is all. */
void mail_post(struct CpuInfo *cpu, uint32_t request)
{
	machine_sched_posts += request == MAIL_SCHED;
	if (request == MAIL_DP)
		cpu->cpu_mail |= request;
}

bool mail_take(uint32_t request)
{
	bool asked = thiscpu->cpu_mail & request;

	thiscpu->cpu_mail &= ~request;
	return asked;
}

void spin_lock(struct spinlock *lk)
{
	assert_false(lk->locked);
	lk->locked = 1;
	machine_locks += lk == &kernel_lock;
	if (machine_at_locks)
		machine_at_locks(true);
}

void spin_unlock(struct spinlock *lk)
{
	assert_true(lk->locked);
	if (machine_at_locks)
		machine_at_locks(false);
	lk->locked = 0;
}

uint32_t tsc_khz = 2000000;
uint64_t clock_us(void) { return machine_us; }

/* ---- Interrupts: the timer ends a nap, and so does a NIC that may interrupt and has a cause (dp_nic.c) ---- */

static uint64_t timer_due_us;
static irq_handler handler;
static void *handler_arg;

/* Devices here have no messages of their own. */
int irq_alloc(irq_handler h, void *arg)
{
	(void)h, (void)arg;
	return -E_AGAIN;
}

irq_handler machine_handler(void) { return handler; }

bool irq_is_free(int irq) { return irq != MACHINE_NIC_IRQ || !handler; }

bool irq_is_for(int irq, irq_handler h, const void *arg)
{
	return irq == MACHINE_NIC_IRQ && handler == h && handler_arg == arg;
}

void irq_register(int irq, irq_handler h, void *arg)
{
	assert_int_equal(irq, MACHINE_NIC_IRQ);
	handler = h;
	handler_arg = arg;
}

void ioapic_enable_pci(int irq, uint8_t apicid) { (void)irq, (void)apicid; }
void ioapic_disable(int irq) { (void)irq; }
void lapic_timer_oneshot(uint32_t us) { timer_due_us = us ? machine_us + us : 0; }

void happens_now(void (**what)(void))
{
	void (*act)(void) = *what;

	*what = NULL;
	act();
}

void cpu_nap(void)
{
	assert_true(timer_due_us > machine_us); /* nobody sleeps without a time to wake */
	machine_naps++;
	if (machine_while_napping)
		happens_now(&machine_while_napping);
	if (machine_nic_interrupts && machine_nic_interrupts()) {
		machine_us += 10;
		dp_interrupt(thiscpu->cpu_dp, MACHINE_NIC_IRQ);
	} else {
		machine_us = timer_due_us;
	}
	timer_due_us = 0;
}

uint64_t read_tsc(void) { return machine_us * 2000 + 12345; }
void cpu_relax(void) { machine_us++; }

void machine_bootarg(const char *key, const char *value)
{
	arg_key = key;
	arg_value = value;
}

const char *bootarg(const char *key) { return arg_key && strcmp(key, arg_key) == 0 ? arg_value : NULL; }

uint32_t bootarg_u32(const char *key, uint32_t otherwise)
{
	const char *text = bootarg(key);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

void machine_init(int ncpus)
{
	memory_init();
	machine_us = 1000000;
	machine_naps = 0;
	machine_while_napping = NULL;
	timer_due_us = 0;
	handler = NULL;
	ncpu = ncpus;
	for (int i = 0; i < NCPU; i++)
		cpus[i] = (struct CpuInfo){ .cpu_id = i, .cpu_status = i < ncpus ? CPU_STARTED : CPU_UNUSED };
	for (int i = 0; i < MACHINE_THREADS; i++)
		machine_thread[i] = (struct Env){ .env_id = 0x1000 + i, .env_status = ENV_RUNNING, .env_cpunum = i + 1,
						  .env_pgdir = paging_name(i) };
	machine_env.env_pgdir = page2kva(page_alloc(ALLOC_ZERO));
	windows_init();
	machine_run_on(1, 0);
	machine_bootarg(NULL, NULL);
}
