/* SPDX-License-Identifier: MIT */
/* Flow groups: set-up, the hash, and listeners. The contract is fgroup.h. */
#include <inc/string.h>

#include <kern/dp/fgroup.h>

enum { FIRST_DYNAMIC_PORT = 49152 };

void fgroup_init(struct fgroup *g, struct dp *owner, uint32_t hash_key, uint64_t now_us)
{
	memset(g, 0, sizeof(*g));
	g->owner = owner;
	g->hash_key = hash_key;
	g->cursor = NBUCKETS;
	g->tick_us = g->pass_us = now_us;
	g->next_port = FIRST_DYNAMIC_PORT;
	link_init(&g->half);
	link_init(&g->waiting);
	slab_init(&g->slab);
	flow_table_init(&g->flows, &g->slab);
	for (int i = 0; i < NLISTENERS; i++)
		g->listeners[i] = (struct listener){ .g = g, .gen = 1 };
}

/* Keyed, for a peer must not be able to choose what meets in one bucket. */
uint16_t fgroup_bucket(const struct fgroup *g, const struct tuple *t)
{
	uint32_t h = (t->rip ^ g->hash_key) * 0x9E3779B1u;

	h = (h ^ (h >> 15) ^ ((uint32_t)t->rport << 16 | t->lport)) * 0x85EBCA77u;
	h = (h ^ (h >> 13) ^ t->lip) * 0xC2B2AE3Du;
	return (h ^ (h >> 16)) % NBUCKETS;
}

struct listener *listener_find(struct fgroup *g, ix_handle_t handle)
{
	uint32_t index = IX_HANDLE_INDEX(handle) ^ FLOW_LISTENER;

	if (IX_HANDLE_GROUP(handle) != 0 || index >= NLISTENERS)
		return NULL;
	struct listener *l = &g->listeners[index];
	return l->pcb && l->gen == IX_HANDLE_GEN(handle) ? l : NULL;
}

struct listener *listener_on_port(struct fgroup *g, uint16_t port)
{
	for (int i = 0; i < NLISTENERS; i++) {
		if (g->listeners[i].pcb && g->listeners[i].port == port)
			return &g->listeners[i];
	}
	return NULL;
}

struct listener *listener_slot(struct fgroup *g)
{
	for (int i = 0; i < NLISTENERS; i++) {
		if (!g->listeners[i].pcb)
			return &g->listeners[i];
	}
	return NULL;
}
