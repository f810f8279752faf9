/* SPDX-License-Identifier: MIT */
/* Trap into the kernel's monitor. */
#include <inc/lib.h>
#include <inc/x86.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	breakpoint();
}
