/* SPDX-License-Identifier: MIT */
/* Read from address 0. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	const unsigned *volatile nowhere = NULL;

	USED(argc);
	USED(argv);
	cprintf("I read %08x from location 0!\n", *nowhere);
}
