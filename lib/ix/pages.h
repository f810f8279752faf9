/* SPDX-License-Identifier: MIT */
/*
 * Runs of whole pages, under lib/ix/mem.c. The heap begins with one descriptor for each of its pages; those of a heap that has
 * grown lie at the beginning of what was added last.
 * A run's state is kept at its first page; a free run's also at its last, where its neighbour looks.
 * Free runs hang in bins by the power of two of their length.
 */
#ifndef JOS_LIB_IX_PAGES_H
#define JOS_LIB_IX_PAGES_H

#include <inc/types.h>

#define PAGE_BYTES 4096
#define NBINS 20 /* runs of up to 2^20 pages */

enum page_kind {
	PAGE_REST, /* inside a run, or not for use */
	PAGE_FREE,
	PAGE_LARGE, /* first page of a block of whole pages */
	PAGE_SMALL, /* holds small objects */
};

struct page {
	uint8_t kind;
	uint8_t size_class; /* SMALL: of its objects */
	uint16_t used;      /* SMALL: objects handed out */
	uint16_t fresh;     /* SMALL: objects ever handed out; those after them have never been touched */
	uint16_t free;      /* SMALL: offset + 1 of the first object that came back; each holds the next */
	uint32_t npages;    /* LARGE, FREE: length of the run */
	uint32_t prev, next; /* FREE: neighbours in the bin; SMALL: in the class's list; 0 ends a list */
};

struct pages {
	uint8_t *base; /* address of page 0 */
	struct page *page;
	uint32_t npages, nfree, nusable;
	uint32_t bins_used;   /* bit b: bin[b] is not empty */
	uint32_t bin[NBINS];
};

/* Page 0 always holds descriptors, so that 0 can end a list. -E_NO_MEM: no page would be left. */
int pages_init(struct pages *h, void *base, size_t size);
/* There are `size` bytes now, more than before, at the same base. -E_NO_MEM: they would not hold the descriptors. */
int pages_grow(struct pages *h, size_t size);
uint32_t pages_alloc(struct pages *h, uint32_t npages); /* the first page, marked LARGE; 0: none */
void pages_free(struct pages *h, uint32_t first, uint32_t npages);

void page_list_push(struct pages *h, uint32_t *head, uint32_t page);
void page_list_remove(struct pages *h, uint32_t *head, uint32_t page);

#endif
