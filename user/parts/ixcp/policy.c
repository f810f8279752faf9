/* SPDX-License-Identifier: MIT */
/* The policies of the control plane. The contract is policy.h. */
#include <inc/string.h>

#include "policy.h"

#define ROWS (sizeof(policies) / sizeof(policies[0]))

/*
 * fixed: only the bounds count. elastic: room for what may come, quick to add, slow to remove. consolidate: as few CPUs as
 * can do the work, so that the rest is free for others.
 */
static const struct cp_policy policies[] = {
	{ .name = "fixed", .add_busy = ~0u, .add_queue = ~0u },
	{ .name = "elastic", .add_busy = 750, .add_queue = 64, .keep_busy = 600, .fit_busy = 500, .add_after = 3,
	  .remove_after = 50, .rest = 5 },
	{ .name = "consolidate", .add_busy = 950, .add_queue = 192, .keep_busy = 850, .fit_busy = 800, .add_after = 5,
	  .remove_after = 10, .rest = 5 },
};

const struct cp_policy *cp_policy_named(const char *name)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	}
	return NULL;
}

static uint32_t total_busy(const struct cp_view *v)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < v->n; i++)
		sum += v->cpu[i].busy;
	return sum;
}

static bool is_pressed(const struct cp_policy *p, const struct cp_view *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		if (v->cpu[i].busy >= p->add_busy || v->cpu[i].queue >= p->add_queue)
			return true;
	}
	return false;
}

static bool needs_one(const struct cp_policy *p, const struct cp_view *v)
{
	return is_pressed(p, v) && total_busy(v) >= p->keep_busy * v->n;
}

/* Long queues are a reason against it, however idle the CPUs are in between. */
static bool spares_one(const struct cp_policy *p, const struct cp_view *v)
{
	return v->n > 1 && !is_pressed(p, v) && total_busy(v) < p->fit_busy * (v->n - 1);
}

/* The one with the least to do, for its flows disturb the others least; not the first. */
static uint32_t idlest(const struct cp_view *v)
{
	uint32_t found = 1;

	for (uint32_t i = 2; i < v->n; i++) {
		if (v->cpu[i].busy <= v->cpu[found].busy)
			found = i;
	}
	return found;
}

static struct cp_decision change(const struct cp_policy *p, struct cp_memory *m, const struct cp_view *v, enum cp_act act,
				 const char *why)
{
	*m = (struct cp_memory){ .rest = p->rest };
	return (struct cp_decision){ act, act == CP_REMOVE ? idlest(v) : 0, why };
}

static struct cp_decision weigh(const struct cp_policy *p, struct cp_memory *m, const struct cp_view *v, uint32_t least,
				uint32_t most)
{
	m->needs = needs_one(p, v) ? m->needs + 1 : 0;
	m->spares = spares_one(p, v) ? m->spares + 1 : 0;
	if (m->needs && m->needs >= p->add_after && v->n < most)
		return change(p, m, v, CP_ADD, "busy");
	if (m->spares && m->spares >= p->remove_after && v->n > least)
		return change(p, m, v, CP_REMOVE, "idle");
	return (struct cp_decision){ CP_STAY, 0, "" };
}

struct cp_decision cp_decide(const struct cp_policy *p, struct cp_memory *m, const struct cp_view *v, uint32_t least,
			     uint32_t most)
{
	if (m->rest) {
		m->rest--;
		return (struct cp_decision){ CP_STAY, 0, "just changed" };
	}
	if (v->n < least)
		return change(p, m, v, CP_ADD, "fewer than wanted");
	if (v->n > most)
		return change(p, m, v, CP_REMOVE, "more than allowed");
	return weigh(p, m, v, least, most);
}
