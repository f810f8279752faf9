/* SPDX-License-Identifier: MIT */
/* The machine's physical memory, and the slab's objects in it. See dp_machine.h. */
#include "dp_machine_priv.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

enum { NPAGES = MACHINE_BYTES / PGSIZE, SUPER_PAGES = PTSIZE / PGSIZE, PHYS_BASE = 0x400000 };

static uint8_t *const memory = (uint8_t *)0x20000000;
static struct PageInfo page_info[NPAGES];
static bool used[NPAGES];
static uint16_t loans[NPAGES];
static bool waits[NPAGES];   /* freed, but lent */
static uint32_t lowest_free; /* no page below it is free */

size_t machine_pages_left;
size_t machine_slab_most;

/* ---- Single pages from below, superpages from above ---- */

static void page_take(uint32_t i)
{
	used[i] = true;
	page_info[i] = (struct PageInfo){ 0 };
	ASAN_UNPOISON_MEMORY_REGION(memory + (size_t)i * PGSIZE, PGSIZE);
}

static void page_drop(uint32_t i)
{
	assert_true(used[i] && page_info[i].pp_ref == 0);
	used[i] = false;
	ASAN_POISON_MEMORY_REGION(memory + (size_t)i * PGSIZE, PGSIZE);
	lowest_free = MIN(lowest_free, i);
}

struct PageInfo *page_alloc(int flags)
{
	while (lowest_free < NPAGES && used[lowest_free])
		lowest_free++;
	if (lowest_free == NPAGES || !machine_pages_left)
		return NULL;
	uint32_t i = lowest_free;
	machine_pages_left--;
	page_take(i);
	memset(memory + (size_t)i * PGSIZE, flags & ALLOC_ZERO ? 0 : 0xA5, PGSIZE);
	return &page_info[i];
}

void page_free(struct PageInfo *pp)
{
	if (loans[pp - page_info]) {
		waits[pp - page_info] = true;
		return;
	}
	machine_pages_left++;
	page_drop(pp - page_info);
}

/* ---- Loans: a page that is freed while lent waits ---- */

bool page_lend(struct PageInfo *pp)
{
	if (loans[pp - page_info] == UINT16_MAX)
		return false;
	loans[pp - page_info]++;
	return true;
}

void page_unlend(struct PageInfo *pp)
{
	assert_true(loans[pp - page_info] > 0);
	loans[pp - page_info]--;
}

size_t page_nlent_free(void)
{
	size_t n = 0;

	for (uint32_t i = 0; i < NPAGES; i++)
		n += waits[i];
	return n;
}

void page_reclaim_lent(void)
{
	for (uint32_t i = 0; i < NPAGES; i++) {
		if (waits[i] && !loans[i]) {
			waits[i] = false;
			page_free(&page_info[i]);
		}
	}
}

void page_decref(struct PageInfo *pp)
{
	assert_true(pp->pp_ref > 0);
	if (--pp->pp_ref == 0)
		page_free(pp);
}

static bool super_is_free(uint32_t first)
{
	for (uint32_t i = first; i < first + SUPER_PAGES; i++) {
		if (used[i])
			return false;
	}
	return true;
}

struct PageInfo *superpage_alloc(void)
{
	for (int first = NPAGES - SUPER_PAGES; first >= 0; first -= SUPER_PAGES) {
		if (machine_pages_left < SUPER_PAGES || !super_is_free(first))
			continue;
		for (uint32_t i = 0; i < SUPER_PAGES; i++)
			page_take(first + i);
		machine_pages_left -= SUPER_PAGES;
		return &page_info[first];
	}
	return NULL;
}

void superpage_free(struct PageInfo *first)
{
	machine_pages_left += SUPER_PAGES;
	for (uint32_t i = 0; i < SUPER_PAGES; i++)
		page_drop(first - page_info + i);
}

size_t page_nfree(void) { return machine_pages_left; }

size_t machine_pages_used(void)
{
	size_t n = 0;

	for (uint32_t i = 0; i < NPAGES; i++)
		n += used[i];
	return n;
}

void *KADDR(physaddr_t pa)
{
	assert_true(pa >= PHYS_BASE && pa - PHYS_BASE < MACHINE_BYTES);
	return memory + (pa - PHYS_BASE);
}

physaddr_t PADDR(const void *kva)
{
	const uint8_t *p = kva;

	assert_true(p >= memory && p < memory + MACHINE_BYTES);
	return p - memory + PHYS_BASE;
}

physaddr_t page2pa(const struct PageInfo *pp) { return PHYS_BASE + (pp - page_info) * PGSIZE; }
struct PageInfo *pa2page(physaddr_t pa) { return &page_info[((uint8_t *)KADDR(pa) - memory) / PGSIZE]; }
void *page2kva(const struct PageInfo *pp) { return KADDR(page2pa(pp)); }

/* ---- The slab's objects (the linker sends calls from other files here) ---- */

static uint16_t object_size[MACHINE_BYTES / 16]; /* rounded up as the slab does it */

static uint16_t *size_of(const void *object) { return &object_size[((uint8_t *)object - memory) / 16]; }

void *__real_slab_alloc(struct slab *s, size_t size);
void __real_slab_free(void *object);
void *__wrap_slab_alloc(struct slab *s, size_t size);
void __wrap_slab_free(void *object);

void *__wrap_slab_alloc(struct slab *s, size_t size)
{
	uint32_t before = s->bytes;
	void *object = size <= machine_slab_most ? __real_slab_alloc(s, size) : NULL;

	if (!object)
		return NULL;
	*size_of(object) = s->bytes - before;
	ASAN_UNPOISON_MEMORY_REGION(object, s->bytes - before);
	memset(object, 0xCD, size); /* nobody may count on zeroes */
	return object;
}

/* The first word is the slab's chain of free objects. The last object's page is anybody's. */
void __wrap_slab_free(void *object)
{
	char *page = (char *)((uintptr_t)object & ~(uintptr_t)(PGSIZE - 1));
	struct slab *s = ((struct slab_page *)page)->slab;
	uint32_t before = s->pages;

	__real_slab_free(object);
	if (s->pages < before)
		ASAN_UNPOISON_MEMORY_REGION(page, PGSIZE);
	else
		ASAN_POISON_MEMORY_REGION((char *)object + sizeof(void *), *size_of(object) - sizeof(void *));
}

void memory_init(void)
{
	static bool mapped;

	if (!mapped) {
		void *p = mmap(memory, MACHINE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
		assert_ptr_equal(p, memory);
		mapped = true;
	}
	memset(used, 0, sizeof(used));
	memset(loans, 0, sizeof(loans));
	memset(waits, 0, sizeof(waits));
	memset(page_info, 0, sizeof(page_info));
	ASAN_POISON_MEMORY_REGION(memory, MACHINE_BYTES);
	lowest_free = 0;
	machine_pages_left = NPAGES;
	machine_slab_most = SIZE_MAX;
}
