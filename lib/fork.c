/* SPDX-License-Identifier: MIT */
/*
 * fork: a child with a copy of all memory, made page by page when one of the two first writes to it. Until
 * then such a page is mapped read-only and PTE_COW in both; the page-fault handler here makes the copy.
 */
#include <inc/lib.h>
#include <lib/pagewalk.h>

extern void _pgfault_upcall(void);

#define EXCEPTION_STACK ((void *)(UXSTACKTOP - PGSIZE))

/* A write to a copy-on-write page: put a writable copy in its place. Any other fault is the program's own. */
static void copy_on_write(struct UTrapframe *utf)
{
	void *page = (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE);
	int r;

	if (!(utf->utf_err & FEC_WR) || !(uvpd[PDX(page)] & PTE_P) || !(uvpt[PGNUM(page)] & PTE_COW))
		panic("page fault at va %08x, eip %08x, error %x", utf->utf_fault_va, utf->utf_eip,
		      utf->utf_err);

	if ((r = sys_page_alloc(0, PFTEMP, PTE_P | PTE_U | PTE_W)) < 0)
		panic("copy-on-write: %e", r);
	memcpy(PFTEMP, page, PGSIZE);
	if ((r = sys_page_map(0, PFTEMP, 0, page, PTE_P | PTE_U | PTE_W)) < 0)
		panic("copy-on-write: %e", r);
	sys_page_unmap(0, PFTEMP);
}

/*
 * Give the child one of our pages. One that is copy-on-write already is mapped again here too: if it holds
 * our stack, then this very function may have had it copied since its entry was read.
 */
static int give_copy(envid_t child, uint32_t page)
{
	void *va = (void *)(page << PGSHIFT);
	pte_t pte = uvpt[page];
	int perm = pte & PTE_SYSCALL;
	int r;

	if (va == EXCEPTION_STACK)
		return 0;
	if ((pte & PTE_SHARE) || !(pte & (PTE_W | PTE_COW)))
		return sys_page_map(0, va, child, va, perm);

	perm = (perm & ~PTE_W) | PTE_COW;
	if ((r = sys_page_map(0, va, child, va, perm)) < 0)
		return r;
	return sys_page_map(0, va, 0, va, perm);
}

/* The child handles faults from its first instruction on: its stack is copy-on-write. */
static int start(envid_t child)
{
	int r;

	if ((r = sys_page_alloc(child, EXCEPTION_STACK, PTE_P | PTE_U | PTE_W)) < 0)
		return r;
	if ((r = sys_env_set_pgfault_upcall(child, _pgfault_upcall)) < 0)
		return r;
	return sys_env_set_status(child, ENV_RUNNABLE);
}

envid_t fork(void)
{
	envid_t child;
	int r;

	set_pgfault_handler(copy_on_write);
	if ((child = sys_exofork()) < 0)
		return child;
	if (child == 0) {
		thisenv = &envs[ENVX(sys_getenvid())];
		return 0;
	}
	if ((r = give_pages(child, give_copy)) < 0 || (r = start(child)) < 0) {
		sys_env_destroy(child);
		return r;
	}
	return child;
}

envid_t sfork(void)
{
	return -E_NOT_SUPP;
}
