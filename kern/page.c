/* SPDX-License-Identifier: MIT */
/*
 * Physical pages. Memory is divided in superpages of 4 MB; each keeps its own list of free pages, so that a
 * superpage whose pages are all free can be given out whole (the dataplane's buffers and heaps), and becomes
 * whole again by itself. Single pages come from the lowest superpage that has any: the high ones stay whole.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/page.h>
#include <kern/pmap.h>

enum {
	PAGES_PER_SUPER = PTSIZE / PGSIZE,
	MEM_MAX = (uint32_t)(0 - KERNBASE), /* what the direct map can hold */
	NSUPER = MEM_MAX / PTSIZE,
};

static struct superpage {
	struct PageInfo *free;
	uint32_t nfree;
} super[NSUPER];

static uint16_t *loans;                 /* one for each page; changed without the lock */
static struct PageInfo *lent_free;      /* pages that were freed while lent */
static volatile uint32_t nlent_free;

static uint32_t lowest; /* no superpage below this one has a free page */
static size_t nfree_total;

struct PageInfo *pages;
size_t npages;

static struct superpage *super_of(const struct PageInfo *pp) { return &super[(pp - pages) / PAGES_PER_SUPER]; }

static unsigned cmos_read16(int reg)
{
	outb(0x70, reg);
	unsigned low = inb(0x71);
	outb(0x70, reg + 1);
	return low | inb(0x71) << 8;
}

/*
 * Bytes of memory, by the PC's CMOS: registers 0x34-35 count what is above 16 MB in units of 64 KB; a machine
 * that has no more leaves them 0, and 0x17-18 count KB above 1 MB.
 */
static uint32_t mem_detect(void)
{
	uint64_t above16 = (uint64_t)cmos_read16(0x34) << 16;
	uint64_t bytes = above16 ? above16 + (16 << 20) : EXTPHYSMEM + ((uint64_t)cmos_read16(0x17) << 10);

	return MIN(bytes, (uint64_t)MEM_MAX);
}

static void page_push(struct PageInfo *pp)
{
	struct superpage *s = super_of(pp);

	pp->pp_link = s->free;
	pp->pp_flags = PP_FREE;
	s->free = pp;
	s->nfree++;
	nfree_total++;
}

static struct PageInfo *page_pop(struct superpage *s)
{
	struct PageInfo *pp = s->free;

	s->free = pp->pp_link;
	s->nfree--;
	nfree_total--;
	pp->pp_link = NULL;
	pp->pp_flags = 0;
	return pp;
}

void *page_detect(void *image_end)
{
	npages = mem_detect() / PGSIZE;
	pages = ROUNDUP(image_end, PGSIZE);
	memset(pages, 0, npages * sizeof(*pages));
	loans = (uint16_t *)ROUNDUP((char *)(pages + npages), PGSIZE);
	memset(loans, 0, npages * sizeof(*loans));
	return ROUNDUP((char *)(loans + npages), PGSIZE);
}

/* Never given out: page 0 (real-mode tables), the AP's entry code, device memory, and the kernel up to `used_end`. */
static bool page_is_reserved(physaddr_t pa, physaddr_t used_end)
{
	return pa == 0 || pa == MPENTRY_PADDR || (pa >= IOPHYSMEM && pa < used_end);
}

void page_init_free(void *used_end)
{
	for (size_t i = npages; i-- > 0;) {
		if (page_is_reserved(i * PGSIZE, PADDR(used_end))) {
			pages[i].pp_flags = PP_RESERVED;
			pages[i].pp_ref = 1;
		} else {
			page_push(&pages[i]);
		}
	}
}

struct PageInfo *page_alloc(int flags)
{
	while (lowest < NSUPER && !super[lowest].nfree)
		lowest++;
	if (lowest == NSUPER)
		return NULL;

	struct PageInfo *pp = page_pop(&super[lowest]);
	if (flags & ALLOC_ZERO)
		memset(page2kva(pp), 0, PGSIZE);
	return pp;
}

static uint16_t *loans_of(const struct PageInfo *pp) { return &loans[pp - pages]; }

static bool is_lent(const struct PageInfo *pp) { return *(volatile uint16_t *)loans_of(pp); }

bool page_lend(struct PageInfo *pp)
{
	if (__atomic_add_fetch(loans_of(pp), 1, __ATOMIC_SEQ_CST) != 0)
		return true;
	__atomic_sub_fetch(loans_of(pp), 1, __ATOMIC_SEQ_CST);
	return false;
}

void page_unlend(struct PageInfo *pp) { __atomic_sub_fetch(loans_of(pp), 1, __ATOMIC_SEQ_CST); }

size_t page_nlent_free(void) { return nlent_free; }

/*
 * False: its loans have been returned meanwhile. Who returns a loan looks at nlent_free afterwards; here it is raised
 * before the loans are looked at again. So one of the two sees what the other did.
 */
static bool wait_for_loans(struct PageInfo *pp)
{
	pp->pp_flags = PP_LENT;
	pp->pp_link = lent_free;
	lent_free = pp;
	__atomic_add_fetch(&nlent_free, 1, __ATOMIC_SEQ_CST);
	if (is_lent(pp))
		return true;
	lent_free = pp->pp_link;
	__atomic_sub_fetch(&nlent_free, 1, __ATOMIC_SEQ_CST);
	return false;
}

void page_reclaim_lent(void)
{
	struct PageInfo *pp = lent_free, *next;

	lent_free = NULL;
	nlent_free = 0;
	for (; pp; pp = next) {
		next = pp->pp_link;
		pp->pp_flags = 0;
		page_free(pp); /* or it waits again */
	}
}

void page_free(struct PageInfo *pp)
{
	if (pp->pp_ref || pp->pp_flags)
		panic("page %05x freed in use (ref %d) or twice (flags %d)", pp - pages, pp->pp_ref, pp->pp_flags);
	if (is_lent(pp) && wait_for_loans(pp))
		return;
	page_push(pp);
	lowest = MIN(lowest, (uint32_t)(super_of(pp) - super));
}

void page_decref(struct PageInfo *pp)
{
	if (--pp->pp_ref == 0)
		page_free(pp);
}

size_t page_nfree(void) { return nfree_total; }

struct PageInfo *superpage_alloc(void)
{
	for (int i = NSUPER - 1; i >= 0; i--) {
		struct superpage *s = &super[i];
		if (s->nfree == PAGES_PER_SUPER) {
			while (s->nfree)
				page_pop(s);
			return &pages[i * PAGES_PER_SUPER];
		}
	}
	return NULL;
}

void superpage_free(struct PageInfo *first)
{
	for (int i = PAGES_PER_SUPER - 1; i >= 0; i--)
		page_free(first + i);
}
