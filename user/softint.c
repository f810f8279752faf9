/* SPDX-License-Identifier: MIT */
/*
 * Raise a page fault by an instruction: the gate is the processor's alone, so it becomes a general
 * protection fault.
 */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	asm volatile("int %0" ::"i"(T_PGFLT));
}
