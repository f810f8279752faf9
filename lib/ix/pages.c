/* SPDX-License-Identifier: MIT */
/* Runs of pages: binned by size, merged with their neighbours when freed (lib/ix/pages.h). */
#include <inc/error.h>
#include <inc/string.h>
#include <lib/ix/pages.h>

void page_list_push(struct pages *h, uint32_t *head, uint32_t page)
{
	h->page[page].prev = 0;
	h->page[page].next = *head;
	if (*head)
		h->page[*head].prev = page;
	*head = page;
}

void page_list_remove(struct pages *h, uint32_t *head, uint32_t page)
{
	struct page *p = &h->page[page];

	if (p->next)
		h->page[p->next].prev = p->prev;
	if (p->prev)
		h->page[p->prev].next = p->next;
	else
		*head = p->next;
}

/* The bin for runs of 2^bin up to 2^(bin+1) - 1 pages. */
static unsigned bin_of(uint32_t npages)
{
	return MIN(31 - __builtin_clz(npages), NBINS - 1);
}

static void bin_put(struct pages *h, uint32_t first, uint32_t npages)
{
	unsigned bin = bin_of(npages);

	h->page[first].kind = h->page[first + npages - 1].kind = PAGE_FREE;
	h->page[first].npages = h->page[first + npages - 1].npages = npages;
	page_list_push(h, &h->bin[bin], first);
	h->bins_used |= 1u << bin;
}

static void bin_take(struct pages *h, uint32_t first)
{
	uint32_t npages = h->page[first].npages;
	unsigned bin = bin_of(npages);

	page_list_remove(h, &h->bin[bin], first);
	if (!h->bin[bin])
		h->bins_used &= ~(1u << bin);
	h->page[first].kind = h->page[first + npages - 1].kind = PAGE_REST;
}

/* A free run of at least npages: any run of a larger bin will do, one of its own bin may. */
static uint32_t find_run(struct pages *h, uint32_t npages)
{
	unsigned bin = bin_of(npages);

	for (uint32_t p = h->bin[bin]; p; p = h->page[p].next)
		if (h->page[p].npages >= npages)
			return p;

	uint32_t larger = h->bins_used >> bin >> 1 << 1 << bin;
	return larger ? h->bin[__builtin_ctz(larger)] : 0;
}

uint32_t pages_alloc(struct pages *h, uint32_t npages)
{
	uint32_t first = find_run(h, npages);
	if (!first)
		return 0;

	uint32_t surplus = h->page[first].npages - npages;
	bin_take(h, first);
	if (surplus)
		bin_put(h, first + npages, surplus);

	for (uint32_t p = first + 1; p < first + npages; p++)
		h->page[p].kind = PAGE_REST;
	h->page[first].kind = PAGE_LARGE;
	h->page[first].npages = npages;
	h->nfree -= npages;
	return first;
}

void pages_free(struct pages *h, uint32_t first, uint32_t npages)
{
	uint32_t end = first + npages;

	h->nfree += npages;
	if (end < h->npages && h->page[end].kind == PAGE_FREE) {
		uint32_t after = end;
		end += h->page[after].npages;
		bin_take(h, after);
	}
	if (h->page[first - 1].kind == PAGE_FREE) {
		first -= h->page[first - 1].npages;
		bin_take(h, first);
	}
	bin_put(h, first, end - first);
}

static uint32_t pages_for(uint32_t ndescriptors)
{
	return (ndescriptors * sizeof(struct page) + PAGE_BYTES - 1) / PAGE_BYTES;
}

/* Where descriptors were before is lost: few pages, and seldom. */
int pages_grow(struct pages *h, size_t size)
{
	uint32_t before = h->npages, npages = size / PAGE_BYTES, reserved = pages_for(npages);
	struct page *page = (struct page *)(h->base + (size_t)before * PAGE_BYTES);

	if (npages <= before + reserved)
		return -E_NO_MEM;
	memcpy(page, h->page, before * sizeof(*page));
	memset(page + before, 0, (npages - before) * sizeof(*page));
	h->page = page;
	h->npages = npages;
	h->nusable += npages - before - reserved;
	pages_free(h, before + reserved, npages - before - reserved);
	return 0;
}

int pages_init(struct pages *h, void *base, size_t size)
{
	uint32_t npages = size / PAGE_BYTES;
	uint32_t reserved = pages_for(npages);

	if (npages <= reserved)
		return -E_NO_MEM;
	memset(h, 0, sizeof(*h));
	h->base = base;
	h->page = base;
	h->npages = npages;
	h->nusable = npages - reserved;
	for (uint32_t p = 0; p < reserved; p++)
		h->page[p].kind = PAGE_REST;
	pages_free(h, reserved, h->nusable);
	return 0;
}
