/* SPDX-License-Identifier: MIT */
/* Load the selector of the task state segment into %ds: a general protection fault. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	asm volatile("movw %w0, %%ds" ::"r"(GD_TSS0));
}
