/* SPDX-License-Identifier: MIT */
/* Divide by zero. */
#include <inc/lib.h>

/* Out of the compiler's sight, which knows without dividing what 1 / x can be. */
static volatile int one = 1, zero;

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("1/0 is %08x!\n", one / zero);
}
