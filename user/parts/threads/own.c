/* SPDX-License-Identifier: MIT */
/* What is a thread's own, and what all threads of a program have in common. */
#include "threads.h"

#define PAGE_OF(i) (FRESH + (i)*PGSIZE / 4)

/* ---- Who is who ---- */

static volatile envid_t ids[NTHREADS];
static THREAD_LOCAL int own;
static volatile int locals_wrong;

static void tell(void *arg)
{
	int i = (int)arg;

	expect("thisenv's id", thisenv->env_id, sys_getenvid());
	own += i;
	sys_yield();
	locals_wrong += own != i;
	ids[i] = thisenv->env_id;
}

void identities(void)
{
	own = 77;
	locals_wrong = 0;
	all(tell);
	for (int i = 0; i < NTHREADS; i++)
		for (int j = 0; j < i; j++)
			expect("two threads with one id", ids[i] == ids[j], false);
	expect("threads' own variables that another has written", locals_wrong, 0);
	expect("the first thread's own variable", own, 77);
	expect("waiting for oneself", thread_join(thisenv->env_id), -E_INVAL);
	expect("waiting for one that has ended", thread_join(ids[0]), 0);
}

/* ---- Stacks are private, static variables are not ---- */

static volatile uint32_t seen[NTHREADS];

static void use_stack(void *arg)
{
	volatile uint32_t mine[1024]; /* more than a page */

	for (int i = 0; i < 1024; i++)
		mine[i] = (uint32_t)arg;
	sys_yield();
	for (int i = 0; i < 1024; i++)
		seen[(int)arg] += mine[i] == (uint32_t)arg;
}

void stacks(void)
{
	memset((void *)seen, 0, sizeof(seen));
	all(use_stack);
	for (int i = 0; i < NTHREADS; i++)
		expect("words of a stack that stayed", seen[i], 1024);
}

/* ---- Memory that one maps is everybody's ---- */

static void map_one(void *arg)
{
	int i = (int)arg;

	must(sys_page_alloc(0, (void *)PAGE_OF(i), OWN), "page_alloc");
	*PAGE_OF(i) = i + 1;
}

static void read_all(void *arg)
{
	for (int i = 0; i < NTHREADS; i++)
		seen[(int)arg] += *PAGE_OF(i) == (uint32_t)i + 1;
}

static void wait_for_go(void *arg);
static volatile bool go;

void page_tables(void)
{
	memset((void *)seen, 0, sizeof(seen));
	go = false;
	envid_t early = begin(wait_for_go, 0); /* its directory is older than the page table */
	all(map_one);
	all(read_all);
	go = true;
	thread_join(early);
	expect("pages that an older thread sees", seen[0], 2 * NTHREADS);
	expect("pages that a later thread sees", seen[1], NTHREADS);
	expect("mappings of a page, by any number of threads", pageref((void *)FRESH), 1);
	for (int i = 0; i < NTHREADS; i++)
		must(sys_page_unmap(0, (void *)PAGE_OF(i)), "page_unmap");
}

static void wait_for_go(void *arg)
{
	while (!go)
		sys_yield();
	read_all(arg);
}

/* ---- Faults ---- */

enum { NFAULTS = 24 }; /* for each thread; each is a shootdown, too */

/* It takes the place of fork()'s, so it must also do its work. */
static void map_it(struct UTrapframe *utf)
{
	void *va = (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE);
	int r = va >= (void *)FRESH && va < (void *)UTHREAD ? sys_page_alloc(0, va, OWN) : sys_page_own(va, OWN);

	must(r, "a handler");
}

static void fault(void *arg)
{
	for (int i = 0; i < NFAULTS; i++) {
		volatile uint32_t *page = FRESH + ((int)arg * NFAULTS + i) * PGSIZE / 4;
		*page = i;
		seen[(int)arg] += *page == (uint32_t)i;
		sys_page_unmap(0, (void *)page);
	}
}

void faults(void)
{
	memset((void *)seen, 0, sizeof(seen));
	set_pgfault_handler(map_it);
	all(fault);
	for (int i = 0; i < NTHREADS; i++)
		expect("faults that were handled", seen[i], NFAULTS);
}
