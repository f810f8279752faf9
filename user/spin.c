/* SPDX-License-Identifier: MIT */
/* A child that never gives up the CPU must be interrupted, so that its parent can kill it. */
#include <inc/lib.h>
#include <inc/x86.h>

#define CHILD_TURNS 8

static __attribute__((noreturn)) void spin(void)
{
	cprintf("I am the child.  Spinning...\n");
	for (;;)
		cpu_relax();
}

void umain(int argc, char **argv)
{
	envid_t child;

	USED(argc);
	USED(argv);
	cprintf("I am the parent.  Forking the child...\n");
	if ((child = fork()) == 0)
		spin();
	if (child < 0)
		panic("fork: %e", child);

	cprintf("I am the parent.  Running the child...\n");
	for (int turn = 0; turn < CHILD_TURNS; turn++)
		sys_yield();
	cprintf("I am the parent.  Killing the child...\n");
	sys_env_destroy(child);
}
