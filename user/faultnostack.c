/* SPDX-License-Identifier: MIT */
/* Name a page-fault handler, but have no exception stack for it. */
#include <inc/lib.h>

extern void _pgfault_upcall(void);

void umain(int argc, char **argv)
{
	volatile int *volatile nowhere = NULL;

	USED(argc);
	USED(argv);
	sys_env_set_pgfault_upcall(0, _pgfault_upcall);
	*nowhere = 0;
}
