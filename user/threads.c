/* SPDX-License-Identifier: MIT */
/* What threads of a program share and what they do not, how they begin and end, and what fork() makes of them. */
#include "parts/threads/threads.h"

void all(void (*fn)(void *))
{
	envid_t id[NTHREADS];

	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(fn, i);
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
}

static void work(void)
{
	identities();
	stacks();
	counting();
	heap();
	abandoned_mutex();
	page_tables();
	faults();
	messages();
	pipes();
	fork_from_thread();
	children_of_siblings();
	fork_beside_writers();
	children_of_writers();
	ends_of_programs();
	ends_of_threads();
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "threads";
	make_common();
	without_leak("free pages lost", work);
	conclude();
}
