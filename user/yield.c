/* SPDX-License-Identifier: MIT */
/* Give up the CPU five times. */
#include <inc/lib.h>

#define ROUNDS 5

void umain(int argc, char **argv)
{
	envid_t self = sys_getenvid();

	USED(argc);
	USED(argv);
	cprintf("Hello, I am environment %08x.\n", self);
	for (int round = 0; round < ROUNDS; round++) {
		sys_yield();
		cprintf("Back in environment %08x, iteration %d.\n", self, round);
	}
	cprintf("All done in environment %08x.\n", self);
}
