/* SPDX-License-Identifier: MIT */
/* A program from the disk has no I/O privilege either: see faultio.c. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("i am parent environment %08x\n", thisenv->env_id);
	envid_t child = spawnl("/faultio", "faultio", NULL);
	if (child < 0)
		panic("spawning /faultio: %e", child);
}
