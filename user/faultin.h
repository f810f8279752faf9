/* SPDX-License-Identifier: MIT */
/*
 * A page-fault handler for programs that touch what is not there: it maps the page and writes a string at
 * the address.
 */
#ifndef JOS_USER_FAULTIN_H
#define JOS_USER_FAULTIN_H

#include <inc/lib.h>

static inline void fault_in(struct UTrapframe *utf)
{
	char *va = (char *)utf->utf_fault_va;
	int r;

	cprintf("fault %x\n", utf->utf_fault_va);
	if ((r = sys_page_alloc(0, ROUNDDOWN(va, PGSIZE), PTE_P | PTE_U | PTE_W)) < 0)
		panic("allocating at %x in page fault handler: %e", utf->utf_fault_va, r);
	snprintf(va, 100, "this string was faulted in at %x", utf->utf_fault_va);
}

#endif
