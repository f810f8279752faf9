/* SPDX-License-Identifier: MIT */
/*
 * Whole pages, as malloc's lower half. One byte for each page of the arena says what it is: the first of a
 * row in use (the row's tag), a further one, or free. These bytes stand at the arena's own beginning; each
 * page of them is mapped once it is needed, and stays.
 */
#include <inc/lib.h>
#include <lib/arena.h>

#define NPAGES ((ARENA_LIM - ARENA_BASE) / PGSIZE)
#define MAP_PAGES (NPAGES / PGSIZE)
#define FREE 0
#define FURTHER ARENA_TAGS

static uint8_t *const map = (uint8_t *)ARENA_BASE;
static size_t map_end;   /* map[] is mapped below this index; all pages from there on are free */
static size_t next_look; /* where the last search ended */

static void *page_address(size_t page)
{
	return (void *)(ARENA_BASE + page * PGSIZE);
}

/* Have map[] reach beyond index `page`. */
static bool map_covers(size_t page)
{
	for (; map_end <= page; map_end += PGSIZE)
		if (sys_page_alloc(0, map + map_end, PTE_P | PTE_U | PTE_W) < 0)
			return false;
	return true;
}

static bool is_free(size_t page)
{
	return page >= map_end || map[page] == FREE;
}

/* The first of `npages` free pages in a row in [from, limit); 0, which is the map's, if there are none. */
static size_t find_row(size_t npages, size_t from, size_t limit)
{
	size_t length = 0;

	for (size_t page = from; page < limit; page++) {
		length = is_free(page) ? length + 1 : 0;
		if (length == npages)
			return page + 1 - npages;
	}
	return 0;
}

static void unmap_row(size_t first, size_t npages)
{
	for (size_t i = 0; i < npages; i++)
		sys_page_unmap(0, page_address(first + i));
}

static bool map_row(size_t first, size_t npages)
{
	for (size_t i = 0; i < npages; i++) {
		if (sys_page_alloc(0, page_address(first + i), PTE_P | PTE_U | PTE_W) < 0) {
			unmap_row(first, i);
			return false;
		}
	}
	return true;
}

void *arena_alloc(size_t npages, unsigned tag)
{
	size_t first;

	if (npages == 0 || npages > NPAGES - MAP_PAGES)
		return NULL;
	first = find_row(npages, MAX(next_look, (size_t)MAP_PAGES), NPAGES);
	if (first == 0)
		first = find_row(npages, MAP_PAGES, NPAGES);
	if (first == 0 || !map_covers(first + npages - 1) || !map_row(first, npages))
		return NULL;

	map[first] = tag;
	memset(map + first + 1, FURTHER, npages - 1);
	next_look = first + npages;
	return page_address(first);
}

void arena_free(void *row)
{
	size_t first = ((uintptr_t)row - ARENA_BASE) / PGSIZE;
	size_t end = first;

	do
		map[end++] = FREE;
	while (end < map_end && map[end] == FURTHER);
	unmap_row(first, end - first);
	next_look = MIN(next_look, first);
}

unsigned arena_tag(const void *addr)
{
	size_t page = ((uintptr_t)addr - ARENA_BASE) / PGSIZE;

	return page < map_end && map[page] < ARENA_TAGS ? map[page] : 0;
}
