/* SPDX-License-Identifier: MIT */
/* Read the kernel's memory. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	const unsigned *volatile kernel = (const unsigned *)0xf0100000;

	USED(argc);
	USED(argv);
	cprintf("I read %08x from location 0xf0100000!\n", *kernel);
}
