/* SPDX-License-Identifier: MIT */
/* Computes for ever, without a system call: whoever wants the CPU must take it. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	volatile uint32_t n = 1;

	USED(argc);
	USED(argv);
	binaryname = "busy";
	for (;;)
		n = n * 1664525 + 1013904223;
}
