/* SPDX-License-Identifier: MIT */
/* Page tables: the kernel's own, and the operations on any. Allocation of pages is in page.c. */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/env.h>
#include <kern/page.h>
#include <kern/pmap.h>

extern char end[]; /* of the kernel image, by the linker */

pde_t *kern_pgdir;

/* Memory for tables that live for ever, taken from behind the kernel image before the page allocator works. */
static char *boot_next;

static void *boot_alloc(size_t size)
{
	char *p = boot_next;

	boot_next = ROUNDUP(p + size, PGSIZE);
	if (PGNUM(boot_next - KERNBASE) > npages)
		panic("%u MB of memory do not hold the kernel's tables", (npages * PGSIZE) >> 20);
	return memset(p, 0, size);
}

/*
 * Map [va, va + size) of kern_pgdir to [pa, pa + size), by 4 KB pages. All page tables above UTOP are made at boot:
 * every env's page directory shares them.
 */
static void boot_map(uintptr_t va, size_t size, physaddr_t pa, int perm)
{
	for (size_t off = 0; off < size; off += PGSIZE) {
		pde_t *pde = &kern_pgdir[PDX(va + off)];
		if (!*pde)
			*pde = (physaddr_t)boot_alloc(PGSIZE) - KERNBASE + (PTE_P | PTE_W | PTE_U);
		pte_t *table = (pte_t *)(PTE_ADDR(*pde) + KERNBASE);
		table[PTX(va + off)] = (pa + off) | perm | PTE_P;
	}
}

static void map_direct(void)
{
	for (physaddr_t pa = 0; pa < npages * PGSIZE; pa += PTSIZE)
		kern_pgdir[PDX(KERNBASE + pa)] = pa | PTE_PS | PTE_W | PTE_P;
}

static void map_stacks(void)
{
	for (int i = 0; i < NCPU; i++)
		boot_map(KSTACKTOP_OF(i) - KSTKSIZE, KSTKSIZE, PADDR(percpu_kstacks[i]), PTE_W);
}

void mem_init(void)
{
	boot_next = page_detect(end);
	kern_pgdir = boot_alloc(PGSIZE);
	envs = boot_alloc(NENV * sizeof(struct Env));

	kern_pgdir[PDX(UVPT)] = PADDR(kern_pgdir) | PTE_U | PTE_P;
	boot_map(UPAGES, ROUNDUP(npages * sizeof(*pages), PGSIZE), PADDR(pages), PTE_U);
	boot_map(UENVS, ROUNDUP(NENV * sizeof(*envs), PGSIZE), PADDR(envs), PTE_U);
	kern_pgdir[PDX(MMIOBASE)] = PADDR(boot_alloc(PGSIZE)) | PTE_W | PTE_P;
	map_stacks();
	map_direct();

	page_init_free(boot_next);
	load_pgdir(kern_pgdir);
	cprintf("Physical memory: %uK, %uK free\n", npages * (PGSIZE / 1024), page_nfree() * (PGSIZE / 1024));
}

void mem_init_cpu(void) { load_pgdir(kern_pgdir); }

void load_pgdir(pde_t *pgdir)
{
	thiscpu->cpu_pgdir = pgdir;
	lcr3(PADDR(pgdir));
}

/* A new page table for `va`, in all directories that share it. NULL when memory is out. */
static pte_t *table_make(pde_t *pgdir, const void *va)
{
	struct PageInfo *pp = page_alloc(ALLOC_ZERO);
	if (!pp)
		return NULL;

	pde_t *first = pgdir;
	do {
		pp->pp_ref++;
		pgdir[PDX(va)] = page2pa(pp) | PTE_U | PTE_W | PTE_P;
		pgdir = pgdir_next(pgdir);
	} while (pgdir != first && pgdir_shares(va));
	return page2kva(pp);
}

/*
 * The entry that maps `va`: a page table entry, or the directory entry itself where that is a 4 MB page. Without
 * `create` no lock is needed on a CPU that runs on this directory (kern/dp/sg.c): a table that another CPU gives up
 * meanwhile stays until this one has looked at its mailbox.
 */
pte_t *pgdir_walk(pde_t *pgdir, const void *va, int create)
{
	pde_t entry = *(volatile pde_t *)&pgdir[PDX(va)];

	if (entry & PTE_PS)
		return &pgdir[PDX(va)];
	if (!(entry & PTE_P) && !create)
		return NULL;
	pte_t *table = entry & PTE_P ? KADDR(PTE_ADDR(entry)) : table_make(pgdir, va);
	return table ? &table[PTX(va)] : NULL;
}

static physaddr_t entry_pa(pte_t entry, const void *va)
{
	return entry & PTE_PS ? PTE_ADDR(entry) + PTX(va) * PGSIZE : PTE_ADDR(entry);
}

struct PageInfo *page_lookup(pde_t *pgdir, void *va, pte_t **pte_store)
{
	pte_t *pte = pgdir_walk(pgdir, va, 0);

	if (!pte || !(*pte & PTE_P))
		return NULL;
	if (pte_store)
		*pte_store = pte;
	physaddr_t pa = entry_pa(*pte, va);
	return PGNUM(pa) < npages ? pa2page(pa) : NULL;
}

enum { REFS_MAX = 0xff00 }; /* what pp_ref can count, less what the kernel itself may add (kern/lab6.c) */

/*
 * The old mapping, if any, is undone after the new one is counted: so inserting a page where it is already, with
 * other permissions, never frees it. A PTE_PS region belongs to the dataplane and is refused by the callers.
 */
int page_insert(pde_t *pgdir, struct PageInfo *pp, void *va, int perm)
{
	pte_t *pte = pp->pp_ref < REFS_MAX ? pgdir_walk(pgdir, va, 1) : NULL;
	if (!pte)
		return -E_NO_MEM;

	pte_t old = *pte;
	pp->pp_ref++;
	*pte = page2pa(pp) | perm | PTE_P;
	if (old & PTE_P) {
		tlb_invalidate(pgdir, va);
		page_decref(pa2page(PTE_ADDR(old)));
	}
	return 0;
}

void page_remove(pde_t *pgdir, void *va)
{
	pte_t *pte;
	struct PageInfo *pp = page_lookup(pgdir, va, &pte);

	if (!pp)
		return;
	*pte = 0;
	tlb_invalidate(pgdir, va);
	page_decref(pp);
}

void *mmio_map_region(physaddr_t pa, size_t size)
{
	static uintptr_t next = MMIOBASE;
	uintptr_t va = next;
	physaddr_t first = ROUNDDOWN(pa, PGSIZE);

	size = ROUNDUP(pa + size, PGSIZE) - first;
	if (size > MMIOLIM - va)
		panic("no room to map %u bytes of device registers", size);
	boot_map(va, size, first, PTE_W | PTE_PCD | PTE_PWT);
	next += size;
	return (void *)(va + PGOFF(pa));
}
