/* SPDX-License-Identifier: MIT */
/* Do nothing, for ever, and leave the CPU to others. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "idle";
	for (;;)
		sys_yield();
}
