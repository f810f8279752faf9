/* SPDX-License-Identifier: MIT */
/*
 * Twenty environments yield and count. Their counters are their own: a count comes out wrong if one
 * environment ever runs on two CPUs at once.
 */
#include <inc/lib.h>
#include <inc/x86.h>

#define CHILDREN 20
#define ROUNDS 10
#define COUNTS 10000

static volatile int counter;

/* Without yielding: so that all start together, on as many CPUs as there are. */
static void wait_for_end(envid_t envid)
{
	while (envs[ENVX(envid)].env_status != ENV_FREE)
		cpu_relax();
}

static void stress(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		sys_yield();
		for (int i = 0; i < COUNTS; i++)
			counter++;
	}
	if (counter != ROUNDS * COUNTS)
		panic("ran on two CPUs at once (counter is %d)", counter);
	cprintf("[%08x] stresssched on CPU %d\n", thisenv->env_id, thisenv->env_cpunum);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	envid_t parent = sys_getenvid();

	for (int i = 0; i < CHILDREN; i++) {
		envid_t child = fork();
		if (child < 0)
			panic("fork: %e", child);
		if (child == 0) {
			wait_for_end(parent);
			stress();
			return;
		}
	}
	sys_yield();
}
