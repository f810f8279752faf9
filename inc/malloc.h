/* SPDX-License-Identifier: MIT */
/* The heap of a program: lib/malloc.c. */
#ifndef JOS_INC_MALLOC_H
#define JOS_INC_MALLOC_H

#include <inc/types.h>

void *malloc(size_t size); /* aligned to 16 bytes, from a page up to pages; NULL when memory is out */
void free(void *addr);     /* NULL is nothing; an address that malloc did not give panics */

#endif
