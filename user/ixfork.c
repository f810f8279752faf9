/* SPDX-License-Identifier: MIT */
/*
 * fork() in a program whose two threads each have a CPU of a dataplane, from either of them, while the other writes to the pages
 * that become copy-on-write under it. A child gets the memory, as it was at one moment, and nothing of the dataplane; who forks
 * goes on serving. It wants a NIC of two queues, and four CPUs.
 */
#include <user/hostile.h>
#include <inc/libix.h>

enum { FORKS = 8, WORDS = 2 };
#define BAD COMMON[0]
#define DONE COMMON[1]

static volatile uint32_t words[WORDS * PGSIZE / 4] __attribute__((aligned(PGSIZE)));
static volatile bool stop;
static volatile int nserving, turn;
static volatile uint32_t lost;

static const struct ix_handlers no_handlers;

static bool sees_windows(void)
{
	bool sees = false;

	for (uint32_t va = IXBASE; va < IXLIM; va += PTSIZE)
		sees = sees || (uvpd[PDX(va)] & PTE_P);
	return sees;
}

static void in_child(void)
{
	uint32_t then[WORDS];
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };

	for (int i = 0; i < WORDS; i++)
		then[i] = words[i * PGSIZE / 4];
	expect("windows in a child", sees_windows(), false);
	expect("threads in a child", thisenv->env_leader_id, sys_getenvid());
	expect("run_io in a child", sys_run_io(0, 0), -E_INVAL);
	expect("ix_run in a child", ix_run(0), -E_INVAL);
	expect("detaching in a child", sys_dp_detach(), -E_INVAL);
	expect("parking in a child", sys_dp_attach(IX_PARKED, &config), -E_INVAL);
	expect("attaching to the parent's NIC", ix_attach(IX_ANY_CPU, &config, &no_handlers), -E_NO_QUEUE);
	expect("a page over its windows", sys_page_alloc(0, (void *)IX_HEAP, OWN), -E_INVAL);
	spin(100000);
	for (int i = 0; i < WORDS; i++)
		expect("a word that changes in a child", words[i * PGSIZE / 4], then[i]);
	BAD += failures;
	DONE++;
}

static void attach(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r = ix_attach(IX_ANY_CPU, &config, &no_handlers);

	if (r < 0) {
		cprintf("ixfork: attach: %e\n", r);
		BAD++;
	}
	nserving++;
}

/* Writes words and serves until it is its turn, then forks. `i`: 0 or 1. */
static void work(int i)
{
	volatile uint32_t *word = &words[i * PGSIZE / 4];

	for (uint32_t n = 1; !stop; n++) {
		*word = n;
		if (n % 8 == 0 && sys_run_io(0, n % 16 ? 0 : 50) < 0)
			BAD++;
		lost += *word != n;
		int whose = turn;
		if (whose < 2 * FORKS && whose % 2 == i) {
			wait(child_for(in_child));
			turn = whose + 1;
		}
		stop = stop || turn == 2 * FORKS;
	}
}

static void serve(void)
{
	attach();
	work(1);
}

static void program(void)
{
	attach();
	int r = ix_start_threads(2, serve);
	expect("starting a thread", r, 0);
	while (nserving < 2 && !BAD)
		sys_run_io(0, 1000);
	work(0);
	while ((r = sys_dp_detach()) == -E_AGAIN) /* until the other thread has ended */
		sys_yield();
	expect("detaching", r, 0);
	expect("words that were lost beside fork", lost, 0);
	BAD += failures;
}

static void run_it(void)
{
	DONE = 0;
	wait(child_for(program));
	expect("children that came to their end", DONE, 2 * FORKS);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixfork";
	make_common();
	without_leak("free pages lost", run_it);
	expect("what went wrong in children", BAD, 0);
	conclude();
}
