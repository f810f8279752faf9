/* SPDX-License-Identifier: MIT */
/*
 * lwIP keeps a few KB of globals. They are linked at DPWINDOW, where the kernel's own page directory maps
 * nothing; each dataplane has pages of its own for them, seen under its env's page directory only. So one
 * lwIP in the kernel's image is as many stacks as there are dataplanes, and a touch from anywhere else
 * faults.
 *
 * DPWINDOW shares its page table with the kernel stacks: the window's table is a copy of that one, with the
 * window's pages added.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/dp/dataplane.h>
#include <kern/pmap.h>

/* By the linker (kern/kernel.ld). The size is the symbol's value. */
extern char dp_window_start[], dp_window_end[], dp_window_image[], dp_window_data_size[];

_Static_assert(DPWINDOW % PTSIZE == 0, "the window has a page table, and starts it");

static int fill(struct dp *dp, uint32_t npages)
{
	for (uint32_t i = 0; i < npages; i++) {
		struct PageInfo *pp = page_alloc(ALLOC_ZERO);
		if (!pp)
			return -E_NO_MEM;
		pp->pp_ref++;
		dp->window_page[i] = pp;
		dp->window_table[PTX(DPWINDOW) + i] = page2pa(pp) | PTE_W | PTE_P;
	}
	return 0;
}

/* The initial values of variables that have any, page by page through the direct map. */
static void load_image(struct dp *dp)
{
	uint32_t size = (uintptr_t)dp_window_data_size;

	for (uint32_t off = 0; off < size; off += PGSIZE) {
		void *page = page2kva(dp->window_page[off / PGSIZE]);
		memcpy(page, dp_window_image + off, MIN(size - off, (uint32_t)PGSIZE));
	}
}

int window_install(struct dp *dp)
{
	pde_t *pde = &dp->env->env_pgdir[PDX(DPWINDOW)];
	uint32_t npages = (ROUNDUP((uintptr_t)dp_window_end, PGSIZE) - DPWINDOW) / PGSIZE;
	struct PageInfo *table = page_alloc(0);
	if (!table)
		return -E_NO_MEM;

	table->pp_ref++;
	dp->window_table = page2kva(table);
	memcpy(dp->window_table, KADDR(PTE_ADDR(*pde)), PGSIZE);
	int r = fill(dp, npages);
	if (r < 0)
		return r;
	load_image(dp);
	*pde = PADDR(dp->window_table) | PTE_W | PTE_P;
	tlbflush();
	return 0;
}

void window_remove(struct dp *dp)
{
	dp->env->env_pgdir[PDX(DPWINDOW)] = kern_pgdir[PDX(DPWINDOW)];
	tlbflush();
	for (uint32_t i = 0; i < DP_WINDOW_PAGES && dp->window_page[i]; i++) {
		page_decref(dp->window_page[i]);
		dp->window_page[i] = NULL;
	}
	if (dp->window_table)
		page_decref(pa2page(PADDR(dp->window_table)));
	dp->window_table = NULL;
}
