/* SPDX-License-Identifier: MIT */
/* Write to the kernel's memory. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	volatile unsigned *volatile kernel = (volatile unsigned *)0xf0100000;

	USED(argc);
	USED(argv);
	*kernel = 0;
}
