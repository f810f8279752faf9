/* SPDX-License-Identifier: MIT */
/* The machine's page tables: the threads share the first one's. The other directories are but names. See dp_machine.h. */
#include "dp_machine_priv.h"

#include <kern/env.h>

static pde_t directories[MACHINE_THREADS];
void (*machine_while_walking)(void);

pde_t *paging_name(int thread) { return &directories[thread]; }

int thread_of(const pde_t *pgdir)
{
	int i = 0;

	while (i < MACHINE_THREADS && machine_thread[i].env_pgdir != pgdir)
		i++;
	assert_true(i < MACHINE_THREADS);
	return i;
}

pte_t *pgdir_walk(pde_t *pgdir, const void *va, int create)
{
	pde_t *pde = &machine_env.env_pgdir[PDX(va)];

	thread_of(pgdir);
	if (machine_while_walking && !create) {
		void (*what)(void) = machine_while_walking;
		machine_while_walking = NULL; /* it may walk, too */
		what();
		machine_while_walking = what;
	}
	if (!(*pde & PTE_P)) {
		struct PageInfo *table = create ? page_alloc(ALLOC_ZERO) : NULL;
		if (!table)
			return NULL;
		table->pp_ref++;
		*pde = page2pa(table) | PTE_P | PTE_W | PTE_U;
	}
	return (pte_t *)KADDR(PTE_ADDR(*pde)) + PTX(va);
}

int page_insert(pde_t *pgdir, struct PageInfo *pp, void *va, int perm)
{
	pte_t *pte = pgdir_walk(pgdir, va, 1);

	if (!pte)
		return -E_NO_MEM;
	pp->pp_ref++;
	page_remove(pgdir, va);
	*pte = page2pa(pp) | perm | PTE_P;
	return 0;
}

void page_remove(pde_t *pgdir, void *va)
{
	pte_t *pte = pgdir_walk(pgdir, va, 0);

	if (!pte || !(*pte & PTE_P))
		return;
	page_decref(pa2page(PTE_ADDR(*pte)));
	*pte = 0;
}

void pgdir_clear(pde_t *pgdir, uintptr_t from, uintptr_t to)
{
	for (uint32_t va = from; va < to; va += PTSIZE) {
		pde_t *pde = &machine_env.env_pgdir[PDX(va)];
		if (!(*pde & PTE_P))
			continue;
		for (uint32_t off = 0; off < PTSIZE; off += PGSIZE)
			page_remove(pgdir, (void *)(uintptr_t)(va + off));
		struct PageInfo *table = pa2page(PTE_ADDR(*pde));
		*pde = 0;
		page_decref(table);
	}
}

int machine_user_flags(uint32_t va)
{
	pte_t *pte = pgdir_walk(machine_env.env_pgdir, (void *)(uintptr_t)va, 0);

	return pte && (*pte & PTE_P) ? PTE_FLAGS(*pte) : 0;
}

void *machine_user(uint32_t va)
{
	pte_t *pte = pgdir_walk(machine_env.env_pgdir, (void *)(uintptr_t)va, 0);

	return pte && (*pte & PTE_P) ? (char *)KADDR(PTE_ADDR(*pte)) + PGOFF(va) : NULL;
}

void machine_map(uint32_t va, uint32_t npages, int perm)
{
	for (uint32_t i = 0; i < npages; i++) {
		struct PageInfo *pp = page_alloc(ALLOC_ZERO);
		assert_non_null(pp);
		assert_int_equal(page_insert(machine_env.env_pgdir, pp, (void *)(uintptr_t)(va + i * PGSIZE), perm), 0);
	}
}

void machine_unmap(uint32_t va) { page_remove(machine_env.env_pgdir, (void *)(uintptr_t)va); }

int user_mem_check(struct Env *env, const void *va, size_t len, int perm)
{
	uint32_t at = (uintptr_t)va, end = at + len;

	(void)env;
	for (at = at / PGSIZE * PGSIZE; at < end; at += PGSIZE) {
		int want = perm | PTE_P | PTE_U;
		if ((machine_user_flags(at) & want) != want)
			return -E_FAULT;
	}
	return 0;
}

static int copy(uint32_t va, char *bytes, size_t len, int perm)
{
	if (user_mem_check(&machine_env, (void *)(uintptr_t)va, len, perm) < 0)
		return -E_FAULT;
	for (size_t i = 0; i < len; i++) {
		char *theirs = machine_user(va + i);
		*(perm & PTE_W ? theirs : &bytes[i]) = perm & PTE_W ? bytes[i] : *theirs;
	}
	return 0;
}

int copy_from_user(struct Env *env, void *dst, const void *va, size_t len)
{
	(void)env;
	return copy((uintptr_t)va, dst, len, 0);
}

int copy_to_user(struct Env *env, void *va, const void *src, size_t len)
{
	(void)env;
	return copy((uintptr_t)va, (void *)src, len, PTE_W);
}
