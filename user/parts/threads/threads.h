/* SPDX-License-Identifier: MIT */
/* What threads must be able to do, in groups; each function is one test. */
#ifndef JOS_USER_THREADS_H
#define JOS_USER_THREADS_H

#include <user/hostile.h>

#define NTHREADS 4
#define FRESH ((volatile uint32_t *)0x70000000) /* where no page table is yet */

static inline void must(int r, const char *what)
{
	if (r < 0)
		panic("%s: %e", what, r);
}

static inline envid_t begin(void (*fn)(void *), int arg)
{
	envid_t id;

	must(thread_create(fn, (void *)arg, &id), "thread_create");
	return id;
}

void all(void (*fn)(void *)); /* NTHREADS run it, each with its number, and have ended */

/* own.c: what is a thread's own, and what is everybody's. */
void identities(void);
void stacks(void);
void page_tables(void);
void faults(void);

/* together.c: locks, the heap, messages, pipes. */
void counting(void);
void heap(void);
void abandoned_mutex(void);
void messages(void);
void pipes(void);

/* forks.c */
void fork_from_thread(void);
void children_of_siblings(void);
void fork_beside_writers(void);
void children_of_writers(void);

/* ends.c */
void ends_of_programs(void);
void ends_of_threads(void);

#endif
