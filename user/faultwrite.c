/* SPDX-License-Identifier: MIT */
/* Write to address 0. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	volatile unsigned *volatile nowhere = NULL;

	USED(argc);
	USED(argv);
	*nowhere = 0;
}
