/* SPDX-License-Identifier: MIT */
/*
 * Uninitialised data must be zero and hold what is stored in it; the first page behind all data must fault.
 */
#include <inc/lib.h>

#define WORDS (1024 * 1024)

extern char end[]; /* of the program's memory: the linker knows */
static volatile uint32_t big_array[WORDS];

static void check_zero(void)
{
	for (uint32_t i = 0; i < WORDS; i++)
		if (big_array[i] != 0)
			panic("big_array[%u] isn't cleared!", i);
}

static void check_holds(void)
{
	for (uint32_t i = 0; i < WORDS; i++)
		big_array[i] = i;
	for (uint32_t i = 0; i < WORDS; i++)
		if (big_array[i] != i)
			panic("big_array[%u] didn't hold its value!", i);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("Making sure bss works right...\n");
	check_zero();
	check_holds();
	cprintf("Yes, good.  Now doing a wild write off the end...\n");
	*ROUNDUP((volatile char *)end, PGSIZE) = 0;
	panic("SHOULD HAVE TRAPPED!!!");
}
