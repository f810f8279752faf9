/* SPDX-License-Identifier: MIT */
/* Within libjos: whole pages for malloc, out of one range of addresses (lib/arena.c). */
#ifndef JOS_LIB_ARENA_H
#define JOS_LIB_ARENA_H

#include <inc/types.h>

#define ARENA_BASE 0x08000000
#define ARENA_LIM 0x10000000

/* `npages` new pages in a row, marked with `tag` (from 1 to ARENA_TAGS - 1); NULL when memory is out. */
#define ARENA_TAGS 128
void *arena_alloc(size_t npages, unsigned tag);

/* Give back a row, memory and addresses; `first` is what arena_alloc returned. */
void arena_free(void *first);

/* The tag of the row that begins at the page of `addr`; 0 if none does. */
unsigned arena_tag(const void *addr);

#endif
