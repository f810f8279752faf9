/* SPDX-License-Identifier: MIT */
/* Have the kernel print its own memory: it must end us. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	sys_cputs((const char *)KERNBASE + EXTPHYSMEM + 12, 100);
}
