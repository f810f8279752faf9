/* SPDX-License-Identifier: MIT */
/* One struct for all that is a CPU's own. */
#ifndef JOS_KERN_CPU_H
#define JOS_KERN_CPU_H

#include <inc/env.h>
#include <inc/memlayout.h>
#include <inc/mmu.h>
#include <inc/types.h>

#define NCPU 8

enum { CPU_UNUSED = 0, CPU_STARTED, CPU_HALTED };

/* Mailbox requests: bits of cpu_mail. */
enum {
	MAIL_TLB = 1,   /* flush the TLB, then clear the bit: the sender waits for that */
	MAIL_SCHED = 2, /* look at the run queue, or at your env's status (it may be dying) */
	MAIL_DP = 4,    /* the CPU's dataplane: look at what the plane's other threads, or the core, want of you */
};

struct dp;

struct CpuInfo {
	/* Set at boot, read by all. */
	uint8_t cpu_id;              /* place in cpus[] */
	uint8_t cpu_apicid;          /* LAPIC id */

	/* Written by this CPU; others read them, under the big lock or for statistics. */
	volatile unsigned cpu_status;
	struct Env *cpu_env;         /* the env it runs, or NULL */
	struct Taskstate cpu_ts;
	pde_t *volatile cpu_pgdir;   /* what CR3 holds */
	volatile uint32_t cpu_in_kernel; /* 0 in user mode and in hlt: then a request needs an interrupt */
	bool cpu_timer_armed;
	volatile bool cpu_naps;      /* it halts in cpu_nap(), to which the next interrupt returns */

	/* Set under the big lock when the CPU is reserved or released. */
	struct dp *volatile cpu_dp;  /* the dataplane that has this CPU to itself, or NULL: shared */

	/* The one line that other CPUs write. */
	volatile uint32_t cpu_mail __attribute__((aligned(64)));
} __attribute__((aligned(64)));

extern struct CpuInfo cpus[NCPU];
extern int ncpu;                 /* how many there are; cpus[0] is the one that booted */
extern struct CpuInfo *bootcpu;
#define KSTACKTOP_OF(cpu) (KSTACKTOP - (cpu) * (KSTKSIZE + KSTKGAP))
extern unsigned char percpu_kstacks[NCPU][KSTKSIZE];

int cpunum(void);
#define thiscpu (&cpus[cpunum()])
#define curenv (thiscpu->cpu_env)

void boot_aps(void);
void load_pgdir(pde_t *pgdir);   /* CR3 of this CPU; with the big lock */

/*
 * Mailbox (kern/mailbox.c). mail_post leaves `request` with `cpu` and interrupts it only if it is in user
 * mode or halted. mail_poll answers what this CPU was asked; it is called in every lock's spin loop, in every
 * dataplane cycle, on T_KICK, and before every hlt. Neither takes a lock.
 */
void mail_post(struct CpuInfo *cpu, uint32_t request);
void mail_wait(struct CpuInfo *cpu, uint32_t request); /* until it has answered; polls the own mailbox */
void mail_poll(void);
bool mail_take(uint32_t request);      /* was this CPU asked for that? The request is withdrawn */
void mail_leave_kernel(void);          /* last thing before iret: whoever posts from now on interrupts */

#endif
