/* SPDX-License-Identifier: MIT */
/* Start /hello from the disk. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("i am parent environment %08x\n", thisenv->env_id);
	envid_t hello = spawnl("/hello", "hello", NULL);
	if (hello < 0)
		panic("spawning /hello: %e", hello);
}
