/* SPDX-License-Identifier: MIT */
/* Flow groups: set-up, and the hash. The contract is fgroup.h. */
#include <kern/dp/fgroup.h>

/* Zeroed but for what is given: the flow table has no pages yet. */
void fgroup_init(struct fgroup *g, uint32_t index, struct reserve *r, struct bucket *buckets, uint32_t nbuckets)
{
	*g = (struct fgroup){ .index = index, .buckets = buckets, .nbuckets = nbuckets };
	link_init(&g->owned);
	link_init(&g->pending);
	link_init(&g->waiting);
	slab_init(&g->slab, r);
	flow_table_init(&g->flows, &g->slab, NULL, 0);
}

/* Keyed, for a peer must not be able to choose what meets in one bucket. */
uint32_t fgroup_bucket(const struct fgroup *g, const struct tuple *t)
{
	uint32_t h = (t->rip ^ g->hash_key) * 0x9E3779B1u;

	h = (h ^ (h >> 15) ^ ((uint32_t)t->rport << 16 | t->lport)) * 0x85EBCA77u;
	h = (h ^ (h >> 13) ^ t->lip) * 0xC2B2AE3Du;
	return (h ^ (h >> 16)) & (g->nbuckets - 1);
}
