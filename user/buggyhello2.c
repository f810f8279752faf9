/* SPDX-License-Identifier: MIT */
/* Have the kernel print on beyond the end of our memory: it must end us, and print nothing. */
#include <inc/lib.h>

static char greeting[] = "hello, world\n";

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	sys_cputs(greeting, 1024 * 1024);
}
