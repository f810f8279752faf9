/* SPDX-License-Identifier: MIT */
/* Have an exception stack, but name a page-fault handler that is not mapped. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	volatile int *volatile nowhere = NULL;

	USED(argc);
	USED(argv);
	sys_page_alloc(0, (void *)(UXSTACKTOP - PGSIZE), PTE_P | PTE_U | PTE_W);
	sys_env_set_pgfault_upcall(0, (void *)0xdeadbeef);
	*nowhere = 0;
}
