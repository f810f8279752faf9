/* SPDX-License-Identifier: MIT */
/* How threads end, and programs of many threads. */
#include "threads.h"

/* ---- How a program of many threads ends ---- */

static void spin_for_ever(void *arg)
{
	USED(arg);
	COMMON[2]++;
	for (;;)
		cpu_relax();
}

static void block_for_ever(void *arg)
{
	USED(arg);
	COMMON[2]++;
	for (;;)
		ipc_recv(NULL, NULL, NULL);
}

static void exit_here(void *arg)
{
	USED(arg);
	exit();
}

static void fault_here(void *arg)
{
	USED(arg);
	*(volatile int *)0 = 1;
}

static void overflow(void *arg)
{
	volatile char room[THREAD_STACK];

	USED(arg);
	room[0] = 1;
	room[1] = room[0];
}

static void start_them(void)
{
	for (int i = 0; i < NTHREADS; i++)
		begin(i % 2 ? spin_for_ever : block_for_ever, i);
}

static void end_first(void)
{
	start_them();
	exit();
}

/* The child handles no faults: what fork() has set is taken back. */
static void end_by(void (*how)(void *arg))
{
	set_pgfault_handler(NULL);
	start_them();
	begin(how, 0);
	spin_for_ever(0);
}

static void end_by_exit(void) { end_by(exit_here); }
static void end_by_fault(void) { end_by(fault_here); }
static void end_by_overflow(void) { end_by(overflow); }

static void end_from_outside(void)
{
	start_them();
	spin_for_ever(0);
}

void ends_of_programs(void)
{
	void (*const kinds[])(void) = { end_first, end_by_exit, end_by_fault, end_by_overflow };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint32_t before = living();
		wait(child_for(kinds[i]));
		expect("environments left by a program of threads", living(), before);
	}
	for (int i = 0; i < 4; i++) {
		COMMON[2] = 0;
		envid_t child = child_for(end_from_outside);
		while (i && COMMON[2] < NTHREADS)
			sys_yield();
		end_child(child);
	}
}

/* ---- Ending single threads ---- */

void ends_of_threads(void)
{
	envid_t id[NTHREADS];

	COMMON[2] = 0;
	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(i % 2 ? spin_for_ever : block_for_ever, i);
	while (COMMON[2] < NTHREADS)
		sys_yield();
	for (int i = 0; i < NTHREADS; i++) {
		expect("destroying a thread", sys_env_destroy(id[i]), 0);
		thread_join(id[i]);
		expect("destroying it again", sys_env_destroy(id[i]), -E_BAD_ENV);
	}
}
