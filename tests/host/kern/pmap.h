/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of kern/pmap.h in host tests: what drivers and the dataplane need of it, with fake memory.
 * fake_machine.c has the first half, dp_memory.c and dp_paging.c all of it.
 */
#ifndef JOS_KERN_PMAP_H
#define JOS_KERN_PMAP_H

#include <inc/assert.h>
#include <inc/memlayout.h>

struct Env;

enum { ALLOC_ZERO = 1 };

struct PageInfo *page_alloc(int flags);
void page_free(struct PageInfo *pp);
physaddr_t page2pa(const struct PageInfo *pp);
struct PageInfo *pa2page(physaddr_t pa);
void *page2kva(const struct PageInfo *pp);
physaddr_t PADDR(const void *kva);
void *KADDR(physaddr_t pa);
void *mmio_map_region(physaddr_t pa, size_t size);

void page_decref(struct PageInfo *pp);
size_t page_nfree(void);
bool page_lend(struct PageInfo *pp);
void page_unlend(struct PageInfo *pp);
size_t page_nlent_free(void);
void page_reclaim_lent(void);
struct PageInfo *superpage_alloc(void);
void superpage_free(struct PageInfo *first);
pte_t *pgdir_walk(pde_t *pgdir, const void *va, int create);
int page_insert(pde_t *pgdir, struct PageInfo *pp, void *va, int perm);
void page_remove(pde_t *pgdir, void *va);
void pgdir_clear(pde_t *pgdir, uintptr_t from, uintptr_t to);
int user_mem_check(struct Env *env, const void *va, size_t len, int perm);
int copy_from_user(struct Env *env, void *dst, const void *va, size_t len);
int copy_to_user(struct Env *env, void *va, const void *src, size_t len);

#endif
