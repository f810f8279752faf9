/* SPDX-License-Identifier: MIT */
/*
 * Why descriptors cannot commute, and handles can. Two threads, on two CPUs if there are so many, each open a pipe, one
 * after the other: first in this order, then in the other. A descriptor is the lowest number that is free, so which ones a
 * thread gets depends on who came first. (Handles of the dataplane name a thread's own flows: tests/dp_commute_test.c.)
 */
#include <inc/lib.h>
#include <inc/thread.h>

enum { THREADS = 2 };

static volatile int turn = -1; /* whose it is to open */
static int got[THREADS];       /* the lower end of its pipe */

static void open_one(void *arg)
{
	int me = (int)arg, ends[2];

	while (turn != me)
		sys_yield();
	int r = pipe(ends);
	got[me] = r < 0 ? r : MIN(ends[0], ends[1]);
	turn = -1;
}

static void let_open(int who)
{
	turn = who;
	while (turn == who)
		sys_yield();
}

static void play(int first)
{
	envid_t id[THREADS];

	for (int i = 0; i < THREADS; i++) {
		int r = thread_create(open_one, (void *)i, &id[i]);
		if (r < 0)
			panic("thread_create: %e", r);
	}
	let_open(first);
	let_open(!first);
	for (int i = 0; i < THREADS; i++)
		thread_join(id[i]);
	cprintf("fdorder: thread %d first: thread 0 gets %d, thread 1 gets %d\n", first, got[0], got[1]);
	close(got[0]), close(got[0] + 1);
	close(got[1]), close(got[1] + 1);
}

void umain(int argc, char **argv)
{
	USED(argc), USED(argv);
	play(0);
	play(1);
	cprintf("fdorder: all done\n");
}
