/* SPDX-License-Identifier: MIT */
/* Within libjos: looking at one's own page tables. */
#ifndef JOS_LIB_PAGEWALK_H
#define JOS_LIB_PAGEWALK_H

#include <inc/env.h>

/* For places where nobody maps pages of 4 MB. */
static inline bool is_mapped(const void *va)
{
	return (uvpd[PDX(va)] & PTE_P) && (uvpt[PGNUM(va)] & PTE_P);
}

/*
 * Call `give` for each page mapped below UTOP; `page` is its number, an index of uvpt. Left out are the
 * dataplane's range, which is never handed on, and pages of 4 MB, which are found nowhere else. From the top
 * down: so a pipe's data page reaches the child before its descriptors, as lib/pipe.c wants it.
 * Returns 0, or the first error, at which it stops.
 */
int give_pages(envid_t child, int (*give)(envid_t child, uint32_t page));

#endif
