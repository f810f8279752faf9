/* SPDX-License-Identifier: MIT */
/* What the threads of a dataplane share: making it, and its end. The contract is plane.h. */
#include <inc/error.h>
#include <inc/x86.h>

#include <kern/dev/toeplitz.h>
#include <kern/dp/dataplane.h>
#include <kern/dp/memory.h>
#include <kern/pmap.h>

struct fgroup *group_of_tuple(const struct plane *p, const struct tuple *t)
{
	if (p->ngroups == 1)
		return p->groups;
	uint32_t hash = toeplitz_ports4(toeplitz_key, t->rip, t->lip, __builtin_bswap16(t->rport),
					__builtin_bswap16(t->lport));
	return &p->groups[hash % NGROUPS];
}

/* Buckets and the flow tables' room are shared out among the groups. */
static void make_groups(struct plane *p, struct reserve *r, char **next)
{
	uint32_t nbuckets = NBUCKETS / p->ngroups, key = (uint32_t)read_tsc() * 0x9E3779B1u;
	uint32_t npages = p->ngroups == 1 ? (uint32_t)FLOW_PAGES_MAX : FLOW_PAGES_GROUP;
	struct bucket *buckets = home_take(next, NBUCKETS * sizeof(*buckets), 64);
	char **pages = home_take(next, p->ngroups * npages * sizeof(*pages), 64);

	p->groups = home_take(next, p->ngroups * sizeof(*p->groups), 64);
	for (uint32_t i = 0; i < p->ngroups; i++) {
		struct fgroup *g = &p->groups[i];
		fgroup_init(g, i, r, buckets + i * nbuckets, nbuckets);
		g->hash_key = key;
		flow_table_init(&g->flows, &g->slab, pages + i * npages, npages);
	}
}

/* A queue for each thread that the device has one for. With a single one, nothing is hashed. */
struct plane *plane_make(struct netdev *nd, struct reserve *r, char **next)
{
	struct plane *p = home_take(next, sizeof(*p), 64);
	uint64_t seed = read_tsc();

	p->nd = nd;
	p->nqueues = MIN(nd->max_queues, (uint32_t)IX_NTHREADS);
	p->ngroups = p->nqueues > 1 ? NGROUPS : 1;
	p->isn_key[0] = (uint32_t)seed ^ nd->mac[5];
	p->isn_key[1] = (uint32_t)(seed >> 16) * 0x85EBCA77u;
	make_groups(p, r, next);
	return p;
}

int plane_heap_make(struct plane *p, struct Env *e, uint32_t units)
{
	for (uint32_t end = p->heap_units + units; p->heap_units < end;) {
		uint32_t i = p->heap_units;
		if (i == DP_HEAP_UNITS)
			return -E_NO_MEM;
		if (!p->heap[i])
			p->heap[i] = super_alloc(true);
		if (!p->heap[i])
			return -E_NO_MEM;
		int r = share(e, p->heap[i], PTSIZE, IX_HEAP + i * PTSIZE, PTE_U | PTE_W);
		if (r < 0)
			return r;
		p->heap_units++;
	}
	return 0;
}

/*
 * `nsupers` superpages of receive buffers more, recs being their records, BUFS_PER_SUPER for each. Each is taken, added
 * to p->bufs, and shown to the program e at its place in the region at IX_RXBUFS, one superpage after the other: so that it
 * can read it, and never write to it. It may have held anything before, and so must not hold it any more. -E_NO_MEM: no
 * memory, or no place (BUF_SUPERS_MAX); what was made so far stays, and is freed with the dataplane.
 */
int plane_bufs_make(struct plane *p, struct Env *e, struct buf *recs, uint32_t nsupers)
{
#ifndef EXERCISE_5
	for (uint32_t i = 0; i < nsupers; i++) {
		uint32_t place = p->bufs.nsupers;
		void *super = place < BUF_SUPERS_MAX ? super_alloc(true) : NULL;
		if (!super)
			return -E_NO_MEM;
		bufset_add(&p->bufs, recs + i * BUFS_PER_SUPER, super);
		int r = share(e, super, PTSIZE, IX_RXBUFS + place * PTSIZE, PTE_U);
		if (r < 0)
			return r;
	}
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 5) */
	(void)p, (void)e, (void)recs, (void)nsupers;
	return -E_NOT_SUPP;
#endif
}

void plane_bufs_unmake(struct plane *p, struct Env *e, uint32_t first)
{
	while (p->bufs.nsupers > first) {
		uint32_t place = --p->bufs.nsupers, va = IX_RXBUFS + place * PTSIZE;
		pgdir_clear(e->env_pgdir, va, va + PTSIZE);
		unshare(p->bufs.super[place], PTSIZE);
		super_free(p->bufs.super[place]);
	}
}

void plane_free_shared(struct plane *p)
{
	for (uint32_t i = 0; i < p->ngroups; i++)
		slab_destroy(&p->groups[i].slab);
	for (uint32_t i = 0; i < p->bufs.nsupers; i++) {
		unshare(p->bufs.super[i], PTSIZE);
		super_free(p->bufs.super[i]);
	}
	for (uint32_t i = 0; i < DP_HEAP_UNITS && p->heap[i]; i++) {
		unshare(p->heap[i], PTSIZE);
		super_free(p->heap[i]);
	}
}
