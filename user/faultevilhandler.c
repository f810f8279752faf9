/* SPDX-License-Identifier: MIT */
/* Name a page-fault handler in the kernel: it must not be run, least of all with the kernel's rights. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	volatile int *volatile nowhere = NULL;

	USED(argc);
	USED(argv);
	sys_page_alloc(0, (void *)(UXSTACKTOP - PGSIZE), PTE_P | PTE_U | PTE_W);
	sys_env_set_pgfault_upcall(0, (void *)0xf0100020);
	*nowhere = 0;
}
