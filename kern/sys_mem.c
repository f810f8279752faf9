/* SPDX-License-Identifier: MIT */
/* System calls on address spaces. A program may change its own and its children's. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/syscall.h>

int check_user_page(uint32_t va) { return va < UTOP && PGOFF(va) == 0 && (va < IXBASE || va >= IXLIM) ? 0 : -E_INVAL; }

int check_user_perm(uint32_t perm)
{
	const uint32_t must = PTE_U | PTE_P;

	return (perm & must) == must && !(perm & ~PTE_SYSCALL) ? 0 : -E_INVAL;
}

/* (env, va, perm): a new zeroed page at va. */
int32_t sys_page_alloc(const uint32_t *a)
{
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r < 0)
		return r;
	if (check_user_page(a[1]) < 0 || check_user_perm(a[2]) < 0)
		return -E_INVAL;

	struct PageInfo *pp = page_alloc(ALLOC_ZERO);
	if (!pp)
		return -E_NO_MEM;
	r = page_insert(e->env_pgdir, pp, (void *)a[1], a[2]);
	if (r < 0)
		page_free(pp);
	return r;
}

/* (source env, source va, destination env, destination va, perm): map the same page there too. */
int32_t sys_page_map(const uint32_t *a)
{
	struct Env *from, *to;
	pte_t *pte;
	int r;

	if ((r = envid2env(a[0], &from, true)) < 0 || (r = envid2env(a[2], &to, true)) < 0)
		return r;
	if (check_user_page(a[1]) < 0 || check_user_page(a[3]) < 0 || check_user_perm(a[4]) < 0)
		return -E_INVAL;
	struct PageInfo *pp = page_lookup(from->env_pgdir, (void *)a[1], &pte);
	if (!pp || ((a[4] & PTE_W) && !(*pte & PTE_W)))
		return -E_INVAL;
	return page_insert(to->env_pgdir, pp, (void *)a[3], a[4]);
}

/*
 * (va, perm): put a copy of the page at va in its place, with perm; if the caller may write to the page already, nothing
 * happens. Done in one step: when several threads write to a page that was marked copy-on-write, one copy is made, and
 * what the first has written is not lost.
 */
int32_t sys_page_own(const uint32_t *a)
{
	pte_t *pte;

	if (check_user_page(a[0]) < 0 || check_user_perm(a[1]) < 0)
		return -E_INVAL;
	struct PageInfo *old = page_lookup(curenv->env_pgdir, (void *)a[0], &pte);
	if (!old)
		return -E_INVAL;
	if (*pte & PTE_W)
		return 0;

	struct PageInfo *pp = page_alloc(0);
	if (!pp)
		return -E_NO_MEM;
	memcpy(page2kva(pp), page2kva(old), PGSIZE);
	int r = page_insert(curenv->env_pgdir, pp, (void *)a[0], a[1]);
	if (r < 0)
		page_free(pp);
	return r;
}

/* (env, va) */
int32_t sys_page_unmap(const uint32_t *a)
{
	struct Env *e;
	int r = envid2env(a[0], &e, true);

	if (r < 0)
		return r;
	if (check_user_page(a[1]) < 0)
		return -E_INVAL;
	page_remove(e->env_pgdir, (void *)a[1]);
	return 0;
}
