/* SPDX-License-Identifier: MIT */
/* Have the kernel print from an address that is not mapped: it must end us. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	sys_cputs((const char *)1, 1);
}
