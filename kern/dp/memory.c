/* SPDX-License-Identifier: MIT */
/* A dataplane's memory. The contract is memory.h. */
#include <inc/ix.h>
#include <inc/string.h>

#include <kern/dp/memory.h>
#include <kern/env.h>
#include <kern/pmap.h>

void *super_alloc(bool zero)
{
	struct PageInfo *first = superpage_alloc();

	if (!first)
		return NULL;
	void *kva = page2kva(first);
	return zero ? memset(kva, 0, PTSIZE) : kva;
}

void super_free(void *kva)
{
	if (kva)
		superpage_free(pa2page(PADDR(kva)));
}

/* What was shared before, by an attempt that memory ended later, has its mapping and reference already. */
int share(struct Env *e, void *kva, uint32_t size, uint32_t va, int perm)
{
	for (uint32_t off = 0; off < size; off += PGSIZE) {
		struct PageInfo *pp = pa2page(PADDR((char *)kva + off));
		pp->pp_ref = MAX(pp->pp_ref, 1);
		int r = page_insert(e->env_pgdir, pp, (void *)(uintptr_t)(va + off), perm);
		if (r < 0)
			return r;
	}
	return 0;
}

void unshare(void *kva, uint32_t size)
{
	for (uint32_t off = 0; off < size; off += PGSIZE)
		pa2page(PADDR((char *)kva + off))->pp_ref = 0;
}

void unmap_range(struct Env *e) { pgdir_clear(e->env_pgdir, IXBASE, IXLIM); }

void *home_take(char **next, uint32_t size, uint32_t align)
{
	char *p = ROUNDUP(*next, align);

	*next = p + size;
	return memset(p, 0, size);
}
