/* SPDX-License-Identifier: MIT */
/*
 * malloc and free. Blocks of up to 2032 bytes are cut out of pages, each page for one size; larger ones are
 * whole pages. Memory goes back to the kernel as soon as the last block of a page is free, but for one page
 * of each size.
 *
 *	a page of blocks:   struct page_head | block | block | ...
 *
 * Free blocks are linked through their first word. heap_lock guards it all; a thread that is destroyed while it holds
 * that leaves the heap as it is: from then on memory is out, and nothing is freed.
 */
#include <lib/arena.h>
#include <lib/private.h>

#define HEAD_SIZE 16
#define ROOM (PGSIZE - HEAD_SIZE)

/* Multiples of 16 into which a page divides well. A page's arena tag is its size's place here, plus 1. */
static const uint16_t sizes[] = { 16, 32, 48, 64, 96, 128, 176, 240, 336, 496, 672, 1008, 1360, 2032 };

#define NSIZES ARRAY_SIZE(sizes)
#define TAG_LARGE (NSIZES + 1)

struct block {
	struct block *next;
};

struct page_head {
	struct page_head *next, *prev; /* among the pages of this size that have a free block */
	struct block *free;
	uint16_t nused;
	uint16_t index; /* of its size */
};

_Static_assert(sizeof(struct page_head) <= HEAD_SIZE, "blocks begin at HEAD_SIZE");

static struct page_head *pages_with_room[NSIZES];

static void link_page(struct page_head *page)
{
	struct page_head **list = &pages_with_room[page->index];

	page->prev = NULL;
	page->next = *list;
	if (page->next)
		page->next->prev = page;
	*list = page;
}

static void unlink_page(struct page_head *page)
{
	if (page->prev)
		page->prev->next = page->next;
	else
		pages_with_room[page->index] = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

static void put_block(struct page_head *page, void *addr)
{
	struct block *block = addr;

	block->next = page->free;
	page->free = block;
}

static struct page_head *new_page(size_t index)
{
	struct page_head *page = arena_alloc(1, index + 1);
	size_t size = sizes[index];

	if (page == NULL)
		return NULL;
	page->index = index;
	page->nused = 0;
	page->free = NULL;
	for (size_t n = ROOM / size; n-- > 0;)
		put_block(page, (char *)page + HEAD_SIZE + n * size);
	link_page(page);
	return page;
}

static void *small_alloc(size_t index)
{
	struct page_head *page = pages_with_room[index];
	struct block *block;

	if (page == NULL && (page = new_page(index)) == NULL)
		return NULL;
	block = page->free;
	page->free = block->next;
	page->nused++;
	if (page->free == NULL)
		unlink_page(page);
	return block;
}

static void small_free(struct page_head *page, void *addr)
{
	bool was_full = page->free == NULL;

	put_block(page, addr);
	page->nused--;
	if (was_full)
		link_page(page);
	if (page->nused == 0 && (page->next || page->prev)) {
		unlink_page(page);
		arena_free(page);
	}
}

static void *alloc(size_t size)
{
	if (size > ARENA_LIM - ARENA_BASE)
		return NULL;
	for (size_t index = 0; index < NSIZES; index++)
		if (size <= sizes[index])
			return small_alloc(index);
	return arena_alloc(ROUNDUP(size, PGSIZE) / PGSIZE, TAG_LARGE);
}

void *malloc(size_t size)
{
	void *block = heap_take() ? alloc(size) : NULL;

	mutex_unlock(&heap_lock);
	return block;
}

/* Is `addr` where a block begins that is in use, as far as can be told? */
static bool is_block(const void *addr, unsigned tag)
{
	if (tag == TAG_LARGE)
		return PGOFF(addr) == 0;
	return tag != 0 && PGOFF(addr) >= HEAD_SIZE && (PGOFF(addr) - HEAD_SIZE) % sizes[tag - 1] == 0 &&
	       ((struct page_head *)ROUNDDOWN(addr, PGSIZE))->nused > 0;
}

static void release(void *addr)
{
	unsigned tag = arena_tag(addr);

	if (!is_block(addr, tag))
		panic("free of %p, which malloc did not give", addr);
	if (tag == TAG_LARGE)
		arena_free(addr);
	else
		small_free(ROUNDDOWN(addr, PGSIZE), addr);
}

void free(void *addr)
{
	if (addr == NULL)
		return;
	if (heap_take())
		release(addr);
	mutex_unlock(&heap_lock);
}
