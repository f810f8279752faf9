/* SPDX-License-Identifier: MIT */
/*
 * The machine under the dataplane's host tests: MACHINE_BYTES of physical memory, one program with its page tables,
 * CPUs of which all but CPU 0 may be reserved, and a clock that stands until a test moves it.
 *
 * The program has MACHINE_THREADS threads: thread k is meant for CPU k + 1. One CPU is running at any time, the rest
 * stand still; machine_run_on() changes to another. Each thread's page directory maps lwIP's variables of its own; where
 * there are none, the address sanitizer reports who touches them.
 *
 * Memory lies at a fixed host address below 4 GB, so that kernel code which keeps addresses in 32 bits works.
 * Free pages, and the slab's free objects, are poisoned: the address sanitizer reports who touches them.
 * A kernel panic ends the test program.
 */
#ifndef TESTS_DP_MACHINE_H
#define TESTS_DP_MACHINE_H

#include "dp_host.h"

enum { MACHINE_BYTES = 96 << 20, MACHINE_NIC_IRQ = 11, MACHINE_THREADS = 4 };

extern struct Env machine_thread[MACHINE_THREADS];
#define machine_env machine_thread[0] /* of a program that has but one */
extern int machine_cpu;               /* the CPU that runs */
extern uint64_t machine_us;           /* the clock */
extern size_t machine_pages_left;     /* page_alloc fails when it is 0; a large number after machine_init */
extern size_t machine_slab_most;      /* larger objects cannot be had from a slab; no limit after machine_init */
extern uint32_t machine_naps;         /* times that the CPU halted */
extern uint32_t machine_locks;        /* and took the big lock */
extern uint32_t machine_sched_posts;  /* and asked the scheduler for something */
extern bool (*machine_nic_interrupts)(void); /* does the NIC wake it now? */
extern void (*machine_while_walking)(void);  /* what another thread does before the kernel walks its page tables; each time */
extern void (*machine_at_locks)(bool taken);  /* a lock was taken, or is given back */
extern void (*machine_while_napping)(void);  /* what happens when the CPU has halted; for the next nap only */

void machine_init(int ncpus);         /* nothing is in use, no dataplane; CPU 1 runs, with the first thread */
void machine_run_on(int cpu, int thread); /* under that thread's page directory */
bool machine_parks(struct Env *e);    /* what the core does after sys_run_io: true if it has stopped the thread */
size_t machine_pages_used(void);      /* the program's page tables included */
void machine_bootarg(const char *key, const char *value); /* one at a time; NULL: none */

void (*machine_handler(void))(void *); /* of the NIC's interrupt */
void happens_now(void (**what)(void)); /* do it, once */

/* The program's memory, by its own addresses. */
void *machine_user(uint32_t va);      /* NULL: not mapped */
int machine_user_flags(uint32_t va);  /* PTE_x, 0 when not mapped */
void machine_map(uint32_t va, uint32_t npages, int perm);
void machine_unmap(uint32_t va);

#endif
