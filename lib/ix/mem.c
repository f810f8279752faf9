/* SPDX-License-Identifier: MIT */
/*
 * The send heap's allocator (inc/libix.h): objects of up to 2 KB come from pages of one size class each,
 * larger blocks are runs of pages. Taking and giving back a small object is a pop and a push; a page whose
 * objects have all come back can serve anything again. All threads of a program use it, one at a time.
 */
#include <inc/error.h>
#include <inc/libix.h>
#include <lib/ix/pages.h>
#include <lib/ix/shared.h>

bool ix_shared;
size_t (*ix_heap_granted)(void);
struct mutex ix_heap_mutex;

#define GRAIN 16
#define SMALL_MAX 2048

/* Object sizes: four to each doubling, and those that divide a page well. */
static const uint16_t class_size[] = {
	16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 816, 1024, 1360, 2048,
};
#define NCLASSES ARRAY_SIZE(class_size)

static struct {
	struct pages pages;
	uint32_t partial[NCLASSES];                  /* pages with an object to give, by class */
	uint8_t class_of[SMALL_MAX / GRAIN + 1];     /* by size in grains, rounded up */
	bool is_broken;                              /* a thread was destroyed in the middle of a change */
} heap;

int ix_heap_init(void *base, size_t size)
{
	unsigned class = 0;

	for (unsigned grains = 0; grains < ARRAY_SIZE(heap.class_of); grains++) {
		if (grains * GRAIN > class_size[class])
			class++;
		heap.class_of[grains] = class;
	}
	for (unsigned i = 0; i < NCLASSES; i++)
		heap.partial[i] = 0;
	return pages_init(&heap.pages, base, size);
}

static uint8_t *page_address(uint32_t page)
{
	return heap.pages.base + (size_t)page * PAGE_BYTES;
}

static bool is_full(const struct page *p)
{
	return p->used == PAGE_BYTES / class_size[p->size_class];
}

/* ---- small objects ---- */

/* A class keeps at most one page without an object in use, at the head of its list. */
static void release_if_idle(unsigned class)
{
	uint32_t page = heap.partial[class];

	if (!page || heap.pages.page[page].used)
		return;
	page_list_remove(&heap.pages, &heap.partial[class], page);
	pages_free(&heap.pages, page, 1);
}

static void release_idle_pages(void)
{
	for (unsigned class = 0; class < NCLASSES; class++)
		release_if_idle(class);
}

/* The control plane may have granted more since. */
static bool has_grown(void)
{
	size_t size = ix_heap_granted ? ix_heap_granted() : 0;

	return size > (size_t)heap.pages.npages * PAGE_BYTES && pages_grow(&heap.pages, size) == 0;
}

static uint32_t take_pages(uint32_t npages)
{
	uint32_t first = pages_alloc(&heap.pages, npages);

	if (first)
		return first;
	release_idle_pages();
	first = pages_alloc(&heap.pages, npages);
	return first || !has_grown() ? first : pages_alloc(&heap.pages, npages);
}

static uint32_t new_small_page(unsigned class)
{
	uint32_t page = take_pages(1);
	if (!page)
		return 0;

	struct page *p = &heap.pages.page[page];
	p->kind = PAGE_SMALL;
	p->size_class = class;
	p->used = p->fresh = p->free = 0;
	page_list_push(&heap.pages, &heap.partial[class], page);
	return page;
}

static void *alloc_small(unsigned class)
{
	uint32_t page = heap.partial[class] ? heap.partial[class] : new_small_page(class);
	if (!page)
		return NULL;

	struct page *p = &heap.pages.page[page];
	uint8_t *object;
	if (p->free) {
		object = page_address(page) + p->free - 1;
		p->free = *(uint16_t *)object;
	} else {
		object = page_address(page) + p->fresh++ * class_size[class];
	}
	p->used++;
	if (is_full(p))
		page_list_remove(&heap.pages, &heap.partial[class], page);
	return object;
}

static int free_small(uint32_t page, uint32_t offset)
{
	struct page *p = &heap.pages.page[page];
	uint32_t *partial = &heap.partial[p->size_class];

	if (offset % class_size[p->size_class] || offset / class_size[p->size_class] >= p->fresh || !p->used)
		return -E_INVAL;
	if (is_full(p)) {
		release_if_idle(p->size_class);
		page_list_push(&heap.pages, partial, page);
	}
	*(uint16_t *)(page_address(page) + offset) = p->free;
	p->free = offset + 1;
	p->used--;
	if (p->used == 0 && *partial != page) {
		page_list_remove(&heap.pages, partial, page);
		pages_free(&heap.pages, page, 1);
	}
	return 0;
}

/* ---- all sizes ---- */

static void *alloc(size_t size)
{
	if (size <= SMALL_MAX)
		return alloc_small(heap.class_of[(size + GRAIN - 1) / GRAIN]);
	if (size > IXLIM - IX_HEAP)
		return NULL;

	uint32_t first = take_pages((size + PAGE_BYTES - 1) / PAGE_BYTES);
	return first ? page_address(first) : NULL;
}

/* False: it is locked, but nothing in it is sure any more. */
static bool heap_take(void)
{
	if (lock_if_shared(&ix_heap_mutex) < 0)
		heap.is_broken = true;
	return !heap.is_broken;
}

void *ix_alloc(size_t size)
{
	void *block = heap_take() ? alloc(size) : NULL;
	unlock_if_shared(&ix_heap_mutex);
	return block;
}

static int free_block(void *block)
{
	uintptr_t offset = (uintptr_t)block - (uintptr_t)heap.pages.base;
	uint32_t page = offset / PAGE_BYTES;

	if (offset / PAGE_BYTES >= heap.pages.npages)
		return -E_INVAL;

	struct page *p = &heap.pages.page[page];
	if (p->kind == PAGE_SMALL)
		return free_small(page, offset % PAGE_BYTES);
	if (p->kind != PAGE_LARGE || offset % PAGE_BYTES)
		return -E_INVAL;
	pages_free(&heap.pages, page, p->npages);
	return 0;
}

int ix_free(void *block)
{
	if (!block)
		return 0;
	int r = heap_take() ? free_block(block) : 0;
	unlock_if_shared(&ix_heap_mutex);
	return r;
}

void ix_heap_stat(struct ix_heap_stat *stat)
{
	bool whole = heap_take();
	if (whole)
		release_idle_pages();
	stat->size = (size_t)heap.pages.nusable * PAGE_BYTES;
	stat->unused = whole ? (size_t)heap.pages.nfree * PAGE_BYTES : 0;
	unlock_if_shared(&ix_heap_mutex);
}
