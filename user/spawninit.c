/* SPDX-License-Identifier: MIT */
/* Start /init from the disk, with two arguments that it prints. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("i am parent environment %08x\n", thisenv->env_id);
	envid_t child = spawnl("/init", "init", "one", "two", NULL);
	if (child < 0)
		panic("spawning /init: %e", child);
}
