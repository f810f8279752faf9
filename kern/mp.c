/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs (Intel SDM vol. 3, 8.4), one after the other, each on its own stack. */
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/env.h>
#include <kern/gdt.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/trap.h>

enum { START_TIMEOUT_US = 2000000 };

extern const char mpentry_start[], mpentry_end[];
void *mpentry_kstack;

struct CpuInfo cpus[NCPU];
unsigned char percpu_kstacks[NCPU][KSTKSIZE] __attribute__((aligned(PGSIZE)));

static bool start(struct CpuInfo *c)
{
	uint64_t until = clock_us() + START_TIMEOUT_US;

	mpentry_kstack = percpu_kstacks[c - cpus] + KSTKSIZE;
	compiler_barrier(); /* the stack's address before the CPU runs */
	lapic_start_ap(c->cpu_apicid, MPENTRY_PADDR);
	while (c->cpu_status == CPU_UNUSED) {
		if (clock_us() > until)
			return false;
		cpu_relax();
	}
	return true;
}

/* It must not start later after all: on the stack that is the next one's by then. */
static void leave_out(struct CpuInfo *c)
{
	lapic_reset_ap(c->cpu_apicid);
	c->cpu_status = CPU_UNUSED;
	cprintf("SMP: CPU %d does not start\n", c->cpu_id);
}

/* With the big lock, which the new CPUs wait for before they look for work. One that does not start is left out. */
void boot_aps(void)
{
	memcpy(KADDR(MPENTRY_PADDR), mpentry_start, mpentry_end - mpentry_start);
	for (int i = 0; i < ncpu; i++) {
		if (&cpus[i] != bootcpu && !start(&cpus[i]))
			leave_out(&cpus[i]);
	}
}

/* Called by mpentry.S on the new CPU, under the entry page directory. */
void __attribute__((noreturn)) mp_main(void)
{
	/* Which of cpus[] this is, shows in the stack: nothing else tells before the segments are loaded. */
	int me = (read_esp() - (uintptr_t)percpu_kstacks) / KSTKSIZE;

	gdt_init_percpu(me);
	cpus[me].cpu_in_kernel = 1;
	mem_init_cpu();
	lapic_init();
	trap_init_percpu();
	cprintf("SMP: CPU %d starting\n", me);
	cpus[me].cpu_status = CPU_STARTED;
	lock_kernel();
	sched_yield();
}
