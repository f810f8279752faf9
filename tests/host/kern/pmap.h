/* SPDX-License-Identifier: MIT */
/* Takes the place of kern/pmap.h in host tests: the part of it that drivers need, with fake memory. */
#ifndef JOS_KERN_PMAP_H
#define JOS_KERN_PMAP_H

#include <inc/memlayout.h>

enum { ALLOC_ZERO = 1 };

struct PageInfo *page_alloc(int flags);
void page_free(struct PageInfo *pp);
physaddr_t page2pa(const struct PageInfo *pp);
struct PageInfo *pa2page(physaddr_t pa);
void *page2kva(const struct PageInfo *pp);
physaddr_t PADDR(const void *kva);
void *KADDR(physaddr_t pa);
void *mmio_map_region(physaddr_t pa, size_t size);

#endif
