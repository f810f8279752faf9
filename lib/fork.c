/* SPDX-License-Identifier: MIT */
/*
 * fork: a child with a copy of all memory, made page by page when one of the two first writes to it. Until
 * then such a page is mapped read-only and PTE_COW in both; the page-fault handler here makes the copy.
 */
#include <lib/private.h>

extern void _pgfault_upcall(void);

/*
 * A write to a copy-on-write page: put a writable copy in its place. Any other fault is the program's own, unless the page
 * is writable by now: then another thread was faster. The kernel makes the copy, for no lock can be taken here: the page
 * may be the lock's own.
 */
static void copy_on_write(struct UTrapframe *utf)
{
	void *page = (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE);
	pte_t pte = uvpd[PDX(page)] & PTE_P ? uvpt[PGNUM(page)] : 0;
	int r;

	if (!(utf->utf_err & FEC_WR) || !(pte & (PTE_COW | PTE_W)))
		panic("page fault at va %08x, eip %08x, error %x", utf->utf_fault_va, utf->utf_eip,
		      utf->utf_err);
	if ((r = sys_page_own(page, PTE_P | PTE_U | PTE_W)) < 0)
		panic("copy-on-write: %e", r);
}

/* Another thread may unmap a page while we look at it. */
static int unless_gone(void *va, int r)
{
	return r < 0 && !is_mapped(va) ? 0 : r;
}

/*
 * Give the child one of our pages. One that is copy-on-write already is mapped again here too: if it holds
 * our stack, then this very function, or another thread, may have had it copied since its entry was read. Until it is
 * mapped read-only here other threads write to it, and so to the child's page, which is made at that moment.
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
		return unless_gone(va, sys_page_map(0, va, child, va, perm));

	perm = (perm & ~PTE_W) | PTE_COW;
	if ((r = sys_page_map(0, va, child, va, perm)) < 0)
		return unless_gone(va, r);
	return unless_gone(va, sys_page_map(0, va, 0, va, perm));
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

static int fill_and_start(envid_t child)
{
	int r = threads_set_upcall(_pgfault_upcall);

	if (r < 0 || (r = give_pages(child, give_copy)) < 0)
		return r;
	return start(child);
}

envid_t fork(void)
{
	envid_t child;
	int r;

	locks_take();
	set_pgfault_handler(copy_on_write);
	if ((child = sys_exofork()) == 0) {
		thisenv = &envs[ENVX(sys_getenvid())];
		locks_reset();
		return 0;
	}
	r = child < 0 ? child : fill_and_start(child);
	if (child >= 0 && r < 0)
		sys_env_destroy(child);
	locks_release();
	return r < 0 ? r : child;
}

envid_t sfork(void)
{
	return -E_NOT_SUPP;
}
