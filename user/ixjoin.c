/* SPDX-License-Identifier: MIT */
/*
 * Threads join a dataplane at bad moments: when memory is out, and when their program is ended. Nothing may be left of either, and
 * who was refused for want of memory must get in when there is some. It wants a NIC of two queues, and three CPUs.
 */
#include <user/hostile.h>
#include <inc/ix.h>
#include <inc/thread.h>

#define HOARD 0x40000000
#define HOARD_END 0x48000000 /* more than the machine has */
#define DEATHS 16
#define NTHREADS 3
#define FEW (2 * PTSIZE / IX_BUFSIZE)  /* buffers that it first asks for, in two superpages, of which memory may be there for one */
#define MANY (3 * PTSIZE / IX_BUFSIZE) /* and then */
#define REFUSED COMMON[0]
#define JOINED COMMON[1]
#define BAD COMMON[2]
#define STEP COMMON[3]
#define SECOND COMMON[4] /* the home is there already: another thread has been in it */

enum { READY = 1, NO_MEMORY, TRIED, MEMORY, JOINS };

static void bad(const char *what, int r)
{
	cprintf("ixjoin: %s: %e\n", what, r);
	BAD++;
}

static void found(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r = sys_dp_attach(IX_ANY_CPU, &config);

	if (r < 0)
		bad("the first thread", r);
}

static int join(int cpu, uint32_t nbufs)
{
	struct ix_config config = { .nbufs = nbufs };

	return sys_dp_attach(cpu, &config);
}

/* ---- Without memory ---- */

/* Taken by us, not by the thread that joins: its siblings would have to be told of each page that it gives back. */
static uint32_t hoard(void)
{
	uint32_t n = 0;

	while (HOARD + n * PGSIZE < HOARD_END && sys_page_alloc(0, (void *)(HOARD + n * PGSIZE), OWN) == 0)
		n++;
	return n;
}

static void give_back(uint32_t from, uint32_t end)
{
	for (; from < end; from++)
		sys_page_unmap(0, (void *)(HOARD + from * PGSIZE));
}

/* Page tables come first, and together: else one would be left in the middle of each superpage. */
static void make_tables(void)
{
	for (uint32_t va = HOARD; va < HOARD_END; va += PTSIZE) {
		sys_page_alloc(0, (void *)va, OWN);
		sys_page_unmap(0, (void *)va);
	}
}

static void await(uint32_t step)
{
	while (STEP < step && !BAD)
		sys_yield();
}

static void join_hungry(void *arg)
{
	USED(arg);
	int r = SECOND ? join(IX_ANY_CPU, FEW) : 0;
	if (r < 0 || (SECOND && (r = sys_dp_detach()) < 0))
		bad("the first one's life", r);
	STEP = READY;
	await(NO_MEMORY);
	r = join(IX_ANY_CPU, FEW);
	if (r < 0 && r != -E_NO_MEM)
		bad("joining without memory", r);
	REFUSED += r < 0;
	STEP = TRIED;
	await(MEMORY);
	if (r < 0 && (r = join(IX_ANY_CPU, MANY)) < 0)
		bad("joining again", r);
	STEP = JOINS;
	while (r >= 0)
		r = sys_run_io(0, 1000);
}

static void serve_hungry(void)
{
	int r;

	found();
	if ((r = thread_create(join_hungry, NULL, NULL)) < 0)
		bad("thread_create", r);
	while (STEP < JOINS && !BAD)
		sys_run_io(0, 1000);
}

static void without_memory(bool second, const uint32_t *left, size_t n_left)
{
	make_tables();
	for (size_t i = 0; i < n_left && !BAD; i++) {
		STEP = 0;
		SECOND = second;
		envid_t child = child_for(serve_hungry);
		await(READY);
		uint32_t n = hoard(), kept = n - MIN(n, left[i]);
		give_back(kept, n);
		STEP = NO_MEMORY;
		await(TRIED);
		give_back(0, kept);
		STEP = MEMORY;
		wait(child);
	}
}

static void join_without_memory(void)
{
	static const uint32_t left[] = { 0, 1, 3, 40, 1100, 2200, 3300 };

	without_memory(false, left, ARRAY_SIZE(left));
}

/* All that it needs are some pages for lwIP's variables. */
static void join_a_home_without_memory(void)
{
	static const uint32_t left[] = { 0, 1 };
	uint32_t before = REFUSED;

	without_memory(true, left, ARRAY_SIZE(left));
	expect("how many were refused", REFUSED - before, ARRAY_SIZE(left));
}

/* ---- At the end ---- */

/* There are fewer queues and CPUs than threads, and the program may be ending. */
static void join_late(void *arg)
{
	USED(arg);
	int r = join(IX_ANY_CPU, 0);
	if (r == -E_NO_CPU)
		r = join(IX_PARKED, 0);
	if (r < 0 && r != -E_NO_QUEUE)
		bad("joining", r);
	JOINED++;
	while (r >= 0)
		r = sys_run_io(0, 1000);
}

static void serve_shortly(void)
{
	found();
	for (int i = 0; i < NTHREADS; i++)
		thread_create(join_late, NULL, NULL);
	for (;;)
		sys_run_io(0, 1000);
}

static void at_the_end(void)
{
	for (uint32_t i = 0; i < DEATHS && !BAD; i++) {
		JOINED = 0;
		envid_t child = child_for(serve_shortly);
		while (JOINED < i % (NTHREADS + 1) && !BAD)
			cpu_relax();
		spin(any(2000000));
		end_child(child);
	}
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixjoin";
	make_common();
	without_leak("free pages lost without memory", join_without_memory);
	without_leak("free pages lost by a second thread without memory", join_a_home_without_memory);
	expect("whether any thread was refused", REFUSED > 0, true);
	without_leak("free pages lost at the end", at_the_end);
	expect("errors", BAD, 0);
	conclude();
}
