/* SPDX-License-Identifier: MIT */
/* What fork() makes of a program of threads, and of what they write meanwhile. */
#include "threads.h"

static volatile uint32_t copied[2 * PGSIZE / 4]; /* a whole page of it at least */
static volatile uint32_t *const page = (volatile uint32_t *)0x71000000;

static void in_child(void)
{
	expect("threads in a child", thisenv->env_leader_id, sys_getenvid());
	copied[0] = 3;
	*page = 3;
	COMMON[0] = 1;
}

static void fork_here(void *arg)
{
	USED(arg);
	COMMON[0] = 0;
	copied[0] = *page = 1;
	envid_t child = child_for(in_child);
	copied[0] = *page = 2;
	wait(child);
	expect("whether the child of a thread ran", COMMON[0], 1);
	expect("a variable that the child has written to its copy of", copied[0], 2);
	expect("a page that the child has written to its copy of", *page, 2);
}

void fork_from_thread(void)
{
	must(sys_page_alloc(0, (void *)page, OWN), "page_alloc");
	thread_join(begin(fork_here, 0));
	fork_here(0);
	sys_page_unmap(0, (void *)page);
}

/* A child is the program's, whichever thread made it, as long as that lives. */
static volatile envid_t childs_id;

static void wait_for_end(void)
{
	for (;;)
		sys_yield();
}

static void make_child(void *arg)
{
	USED(arg);
	envid_t child = child_for(wait_for_end);
	childs_id = child;
	wait(child);
}

void children_of_siblings(void)
{
	childs_id = 0;
	envid_t id = begin(make_child, 0);
	while (!childs_id)
		sys_yield();
	expect("ending a sibling's child", sys_env_destroy(childs_id), 0);
	thread_join(id);
}

/* Threads write to copy-on-write pages at the same time, each its own word: no word may be lost. */
static volatile bool stop;
static volatile int lost;

static void write_words(void *arg)
{
	volatile uint32_t *word = &page[(int)arg];

	for (uint32_t n = 0; !stop; n++) {
		lost += *word != n;
		*word = n + 1;
		if (n % 1024 == 0)
			sys_yield();
	}
}

/* fork() marks the page once; again and again shows more of what comes then: all threads want it as their own. */
static void mark_again_and_again(void)
{
	for (int i = 0; i < 200; i++) {
		must(sys_page_map(0, (void *)page, 0, (void *)page, PTE_P | PTE_U | PTE_COW), "page_map");
		spin(2000);
	}
}

/* n children, one after the other, and what comes afterwards, while all threads write. */
static void fork_while_written(void (*child)(void), int n, void (*afterwards)(void))
{
	envid_t id[NTHREADS];

	stop = false;
	must(sys_page_alloc(0, (void *)page, OWN), "page_alloc");
	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(write_words, i);
	for (int i = 0; i < n; i++)
		wait(child_for(child));
	afterwards();
	stop = true;
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
	sys_page_unmap(0, (void *)page);
}

static void nothing(void) {}

void fork_beside_writers(void)
{
	lost = 0;
	fork_while_written(nothing, 5, mark_again_and_again);
	expect("words that were lost beside fork()", lost, 0);
}

/* What a child is given stands still, however its parent's threads go on. */
static void must_not_change(void)
{
	uint32_t then[NTHREADS];

	for (int i = 0; i < NTHREADS; i++)
		then[i] = page[i];
	for (int n = 0; n < 20; n++) {
		spin(20000);
		for (int i = 0; i < NTHREADS; i++)
			COMMON[1] += page[i] != then[i];
	}
}

void children_of_writers(void)
{
	COMMON[1] = 0;
	fork_while_written(must_not_change, 3, nothing);
	expect("what changed in a child", COMMON[1], 0);
}
