/* SPDX-License-Identifier: MIT */
/* Within libjos: going through one's own memory, for fork and spawn. */
#ifndef JOS_LIB_PAGEWALK_H
#define JOS_LIB_PAGEWALK_H

#include <inc/env.h>

/*
 * Call `give` for each page mapped below UTOP; `page` is its number, an index of uvpt. Left out are the
 * dataplane's range, which is never handed on, and pages of 4 MB, which are found nowhere else. From the top
 * down: so a pipe's data page reaches the child before its descriptors, as lib/pipe.c wants it. 0, or the
 * first error, at which it stops.
 */
int give_pages(envid_t child, int (*give)(envid_t child, uint32_t page));

#endif
