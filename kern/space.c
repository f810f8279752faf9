/* SPDX-License-Identifier: MIT */
/*
 * Address spaces. Each thread has a page directory of its own, and the threads of one program share all page tables
 * below UTHREAD: a table's pp_ref counts the directories that show it. So a page is mapped once for the whole program,
 * and its own pp_ref does not depend on how many threads there are. From UTHREAD on, tables are each thread's own.
 *
 * The directories that share are a ring, linked through pp_link of their pages; a directory alone has NULL there.
 */
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/pmap.h>

static struct PageInfo *page_of(const pde_t *pgdir) { return pa2page(PADDR(pgdir)); }

pde_t *pgdir_next(pde_t *pgdir)
{
	struct PageInfo *next = page_of(pgdir)->pp_link;

	return next ? page2kva(next) : pgdir;
}

pde_t *pgdir_make(void)
{
	struct PageInfo *pp = page_alloc(ALLOC_ZERO);
	if (!pp)
		return NULL;

	pp->pp_ref++;
	pde_t *pgdir = page2kva(pp);
	memcpy(&pgdir[PDX(UTOP)], &kern_pgdir[PDX(UTOP)], (NPDENTRIES - PDX(UTOP)) * sizeof(pde_t));
	pgdir[PDX(UVPT)] = page2pa(pp) | PTE_P | PTE_U;
	return pgdir;
}

pde_t *pgdir_make_shared(pde_t *with)
{
	pde_t *pgdir = pgdir_make();
	if (!pgdir)
		return NULL;

	for (unsigned d = 0; d < PDX(UTHREAD); d++) {
		if (!(with[d] & PTE_P))
			continue;
		pgdir[d] = with[d];
		pa2page(PTE_ADDR(with[d]))->pp_ref++;
	}
	page_of(pgdir)->pp_link = page_of(pgdir_next(with));
	page_of(with)->pp_link = page_of(pgdir);
	return pgdir;
}

static void leave_ring(pde_t *pgdir)
{
	struct PageInfo *self = page_of(pgdir), *before = self;

	while (before->pp_link && before->pp_link != self)
		before = before->pp_link;
	before->pp_link = self->pp_link == before ? NULL : self->pp_link;
	self->pp_link = NULL;
}

static void empty_table(pde_t *pgdir, unsigned d)
{
	const pte_t *table = KADDR(PTE_ADDR(pgdir[d]));

	for (unsigned t = 0; t < NPTENTRIES; t++) {
		if (table[t] & PTE_P)
			page_remove(pgdir, PGADDR(d, t, 0));
	}
}

void pgdir_free(pde_t *pgdir)
{
	leave_ring(pgdir);
	for (unsigned d = 0; d < PDX(UTOP); d++) {
		if (!(pgdir[d] & PTE_P))
			continue;
		struct PageInfo *table = pa2page(PTE_ADDR(pgdir[d]));
		if (table->pp_ref == 1)
			empty_table(pgdir, d);
		pgdir[d] = 0;
		page_decref(table);
	}
	page_decref(page_of(pgdir));
}

/*
 * The table is out of all directories before anybody is asked to forget it, and it goes back to the allocator only when
 * all have: a dataplane may be walking it, and programs read it through UVPT.
 */
static void drop_table(pde_t *pgdir, unsigned d)
{
	struct PageInfo *table = pa2page(PTE_ADDR(pgdir[d]));
	void *va = PGADDR(d, 0, 0);
	pde_t *at = pgdir;
	uint16_t nrefs = 0;

	empty_table(pgdir, d);
	do {
		at[d] = 0;
		nrefs++;
		at = pgdir_next(at);
	} while (at != pgdir && pgdir_shares(va));
	tlb_invalidate_all(pgdir);
	while (nrefs-- > 0)
		page_decref(table);
}

void pgdir_clear(pde_t *pgdir, uintptr_t from, uintptr_t to)
{
	for (unsigned d = PDX(from); d < PDX(to); d++) {
		if (pgdir[d] & PTE_P)
			drop_table(pgdir, d);
	}
}

/* ---- Translations that CPUs remember ---- */

/* A bit for each other CPU on this directory, or, if `family`, on one that shares with it; *here: so is this one. */
static uint32_t users_of(pde_t *pgdir, bool family, bool *here)
{
	pde_t *first = pgdir;
	uint32_t users = 0;

	*here = false;
	do {
		for (int i = 0; i < ncpu; i++) {
			if (cpus[i].cpu_pgdir != pgdir)
				continue;
			if (&cpus[i] == thiscpu)
				*here = true;
			else
				users |= 1 << i;
		}
		pgdir = pgdir_next(pgdir);
	} while (pgdir != first && family);
	return users;
}

/* All are asked first, and then waited for, so that they answer side by side. */
static void shoot_down(uint32_t users)
{
	for (int i = 0; i < ncpu; i++) {
		if (users >> i & 1)
			mail_post(&cpus[i], MAIL_TLB);
	}
	for (int i = 0; i < ncpu; i++) {
		if (users >> i & 1)
			mail_wait(&cpus[i], MAIL_TLB);
	}
}

void tlb_invalidate(pde_t *pgdir, void *va)
{
	bool here;
	uint32_t users = users_of(pgdir, pgdir_shares(va), &here);

	if (here)
		invlpg(va);
	shoot_down(users);
}

void tlb_invalidate_all(pde_t *pgdir)
{
	bool here;
	uint32_t users = users_of(pgdir, true, &here);

	if (here)
		tlbflush();
	shoot_down(users);
}
