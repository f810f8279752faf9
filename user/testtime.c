/* SPDX-License-Identifier: MIT */
/* Counts down from 5, a second for each number, by sys_time_msec. */
#include <inc/lib.h>

enum { FROM = 5, SECOND_MS = 1000 };

/* Sleeps, and checks that the time has passed, and not much more. */
static void wait_a_second(void)
{
	unsigned start = sys_time_msec();

	sys_sleep_until(start + SECOND_MS);
	unsigned passed = sys_time_msec() - start;
	if (passed < SECOND_MS || passed > 2 * SECOND_MS)
		panic("a second took %u ms", passed);
}

void umain(int argc, char **argv)
{
	(void)argc, (void)argv;
	cprintf("starting count down: ");
	for (int i = FROM; i >= 0; i--) {
		cprintf("%d ", i);
		wait_a_second();
	}
	cprintf("\n");
}
