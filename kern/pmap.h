/* SPDX-License-Identifier: MIT */
/*
 * Physical pages, page tables, and checks of user memory. The big kernel lock guards all of it, but
 * for the few calls that say otherwise.
 */
#ifndef JOS_KERN_PMAP_H
#define JOS_KERN_PMAP_H

#include <inc/assert.h>
#include <inc/memlayout.h>

struct Env;

extern char bootstacktop[], bootstack[];
extern struct PageInfo *pages; /* one for each physical page below npages */
extern size_t npages;
extern pde_t *kern_pgdir;      /* the kernel's own address space: no user half, no lwIP window */

/* Kernel address <-> physical address. Pure arithmetic; panic on what the direct map does not hold. */
#define PADDR(kva) kva_to_pa(__FILE__, __LINE__, (kva))
#define KADDR(pa) pa_to_kva(__FILE__, __LINE__, (pa))

static inline physaddr_t kva_to_pa(const char *file, int line, const void *kva)
{
	if ((uintptr_t)kva < KERNBASE)
		_panic(file, line, "PADDR of %08x, which is below KERNBASE", (uint32_t)kva);
	return (physaddr_t)kva - KERNBASE;
}

static inline void *pa_to_kva(const char *file, int line, physaddr_t pa)
{
	if (PGNUM(pa) >= npages)
		_panic(file, line, "KADDR of %08x, which is no memory", pa);
	return (void *)(pa + KERNBASE);
}

static inline physaddr_t page2pa(const struct PageInfo *pp) { return (physaddr_t)(pp - pages) << PGSHIFT; }
static inline struct PageInfo *pa2page(physaddr_t pa)
{
	if (PGNUM(pa) >= npages)
		panic("pa2page of %08x, which is no memory", pa);
	return &pages[PGNUM(pa)];
}
static inline void *page2kva(const struct PageInfo *pp) { return KADDR(page2pa(pp)); }

enum { ALLOC_ZERO = 1 };

void mem_init(void);        /* once, on CPU 0: finds memory, makes pages[] and kern_pgdir, switches to it */
void mem_init_cpu(void);    /* on every other CPU: switches to kern_pgdir */
struct PageInfo *page_alloc(int flags); /* pp_ref is 0; NULL when memory is out */
void page_free(struct PageInfo *pp);    /* pp_ref must be 0 */
void page_decref(struct PageInfo *pp);
size_t page_nfree(void);                /* free pages, those of free superpages included */

/*
 * Loans: a device may still read a page that no program has any more. They are counted apart from pp_ref, without
 * the lock, by the dataplane; a page that is freed while lent waits until its last loan has been returned and somebody
 * calls page_reclaim_lent(). Who lends a page has found it mapped, on a CPU that answers TLB shoot-downs only later.
 */
bool page_lend(struct PageInfo *pp);    /* false: it is lent too often */
void page_unlend(struct PageInfo *pp);
size_t page_nlent_free(void);           /* freed, but waiting; without the lock */
void page_reclaim_lent(void);

/*
 * A superpage is 4 MB of physically contiguous memory, aligned to its size. superpage_alloc returns its
 * first page, not zeroed, or NULL. superpage_free takes back all of its pages, each with pp_ref 0.
 */
struct PageInfo *superpage_alloc(void);
void superpage_free(struct PageInfo *first);

pte_t *pgdir_walk(pde_t *pgdir, const void *va, int create);
int page_insert(pde_t *pgdir, struct PageInfo *pp, void *va, int perm); /* 0, or -E_NO_MEM: also when pp is mapped too often */
void page_remove(pde_t *pgdir, void *va);
struct PageInfo *page_lookup(pde_t *pgdir, void *va, pte_t **pte_store);

/*
 * Page directories (kern/space.c). The threads of a program have one each, and share the page tables below UTHREAD: a
 * table that is made for one appears in all, and a table's pp_ref counts them. pgdir_next goes around the ring of those
 * that share; alone, it returns its argument.
 */
pde_t *pgdir_make(void);                  /* with the kernel's half; NULL when memory is out */
pde_t *pgdir_make_shared(pde_t *with);    /* one more that shares with `with`; NULL when memory is out */
void pgdir_free(pde_t *pgdir);            /* no CPU may be on it; what it alone maps goes, too */
pde_t *pgdir_next(pde_t *pgdir);
static inline bool pgdir_shares(const void *va) { return (uintptr_t)va < UTHREAD; }

/* Unmap all pages of [from, to), which are multiples of PTSIZE, and give up the page tables, for all that share. */
void pgdir_clear(pde_t *pgdir, uintptr_t from, uintptr_t to);

/*
 * Forget a mapping, or all, everywhere: on this CPU, and on every other that runs on `pgdir` or one that shares with it
 * (it is told through its mailbox, and this call returns when all have answered). The page may be reused after that.
 */
void tlb_invalidate(pde_t *pgdir, void *va);
void tlb_invalidate_all(pde_t *pgdir);

void *mmio_map_region(physaddr_t pa, size_t size); /* uncached, at boot only; never NULL */

/* May `env` use [va, va + len) with `perm`? 0 or -E_FAULT; user_mem_check_addr is the first bad address. */
int user_mem_check(struct Env *env, const void *va, size_t len, int perm);
void user_mem_assert(struct Env *env, const void *va, size_t len, int perm); /* ends its program if not */
extern uintptr_t user_mem_check_addr;

/* Copy between the kernel and user memory of the current address space; 0 or -E_FAULT, nothing else. */
int copy_from_user(struct Env *env, void *dst, const void *va, size_t len);
int copy_to_user(struct Env *env, void *va, const void *src, size_t len);

#endif
