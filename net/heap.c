/* SPDX-License-Identifier: MIT */
/*
 * lwIP's memory: blocks of a few sizes, each size with a list of free ones, so that both calls take constant time. Chunks
 * are cut up when a list is empty, and stay with their size for good. A word before each block names its size.
 */
#include <inc/lib.h>
#include <net/layout.h>

#include "lwip/opt.h"

enum { CHUNK = 4 * PGSIZE };

/* Block sizes, that word included. 1664 is for a full frame, 4608 for what one request can send. */
static const uint16_t sizes[] = { 64, 128, 192, 256, 512, 1024, 1664, 4608, CHUNK };
enum { NSIZES = ARRAY_SIZE(sizes) };

struct block {
	uint32_t size_index;
	struct block *next; /* while free; in use, the caller's bytes begin here */
};

static struct block *free_blocks[NSIZES];
static uint32_t heap_end = NS_HEAP;

static void *new_chunk(void)
{
	uint32_t va = heap_end;

	if (va == NS_HEAP + NS_HEAP_SIZE)
		return NULL;
	for (uint32_t off = 0; off < CHUNK; off += PGSIZE)
		if (sys_page_alloc(0, (void *)(va + off), PTE_P | PTE_U | PTE_W) < 0)
			return NULL;
	heap_end += CHUNK;
	return (void *)va;
}

static bool refill(uint32_t i)
{
	char *chunk = new_chunk();

	if (!chunk)
		return false;
	for (uint32_t at = 0; at + sizes[i] <= CHUNK; at += sizes[i]) {
		struct block *b = (struct block *)(chunk + at);
		b->size_index = i;
		b->next = free_blocks[i];
		free_blocks[i] = b;
	}
	return true;
}

void *net_malloc(size_t size)
{
	uint32_t i = 0;

	while (i < NSIZES && size + sizeof(uint32_t) > sizes[i])
		i++;
	if (i == NSIZES || (!free_blocks[i] && !refill(i)))
		return NULL;
	struct block *b = free_blocks[i];
	free_blocks[i] = b->next;
	return &b->next;
}

void *net_calloc(size_t n, size_t size)
{
	void *p = n && size > CHUNK / n ? NULL : net_malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void net_free(void *p)
{
	if (!p)
		return;
	struct block *b = container_of(p, struct block, next);
	b->next = free_blocks[b->size_index];
	free_blocks[b->size_index] = b;
}
