/* SPDX-License-Identifier: MIT */
/* Memory of a dataplane, in superpages, and what of it the program sees. With the big lock. */
#ifndef JOS_KERN_DP_MEMORY_H
#define JOS_KERN_DP_MEMORY_H

#include <inc/types.h>

struct Env;

void *super_alloc(bool zero); /* 4 MB, contiguous and mapped by one large page; NULL: there is none */
void super_free(void *kva);   /* NULL is fine */

/*
 * Show [kva, kva + size) to the program. The pages stay ours: a reference of our own keeps them from the
 * page allocator when the mapping goes. 0 or -E_NO_MEM.
 */
int share(struct Env *e, void *kva, uint32_t size, uint32_t va, int perm);
void unshare(void *kva, uint32_t size); /* after unmap_range: they are nobody's */
void unmap_range(struct Env *e);        /* all of the reserved range, which holds mappings of ours only, for all threads */

/* Take from a superpage, at *next, aligned to 64 bytes or to pages, and zeroed. */
void *home_take(char **next, uint32_t size, uint32_t align);

#endif
