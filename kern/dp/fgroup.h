/* SPDX-License-Identifier: MIT */
/*
 * A flow group: all connections that one entry of the NIC's RSS table stands for (on a NIC without RSS there is one group).
 * It is the unit that owns flows and moves between CPUs as a whole (move.c). All that TCP knows of them is in here, none of
 * it in lwIP's globals: while lwIP runs, its list heads stand for one bucket of one group (tcp.c).
 *
 * Buckets hash the 4-tuple, so that lwIP's walk along a list meets one or two PCBs, however many there are.
 */
#ifndef JOS_KERN_DP_FGROUP_H
#define JOS_KERN_DP_FGROUP_H

#include <kern/dev/netdev.h>
#include <kern/dp/flow.h>
#include <kern/dp/lwip/lwipclock.h>

enum {
	NGROUPS = RSS_TABLE_SIZE,
	NBUCKETS = 4096, /* of all groups of a dataplane together */
};

struct dp;

/* Heads of lwIP's lists. */
struct bucket {
	struct tcp_pcb *active, *time_wait;
};

struct fgroup {
	struct dp *owner;        /* who alone touches it; NULL: on its way from one CPU to another */
	struct link owned;       /* among the groups of its owner */
	uint32_t index;
	uint32_t touched;        /* the owner's count of run_ios when a call named one of its flows last */
	bool quiet;              /* it is wanted elsewhere: no events of its flows are delivered here any more */
	bool leaves;             /* and is about to go */

	/* On its way: all that its flows are on lists of, and how many receive buffers they hold. */
	struct fgroup *next;
	struct dp *from;
	struct link pending, waiting;
	uint32_t nbufs;

	struct bucket *buckets;
	uint32_t nbuckets;       /* a power of two */
	uint32_t hash_key;

	/* While lwIP runs on this group. */
	bool entered;
	uint16_t bucket;
	int abort_reason;        /* what it means if lwIP gives up a flow now */

	struct flow_table flows;
	uint32_t nwaiting;       /* flows in TIME_WAIT */
	uint32_t nloans;         /* pages of the program that are lent to its flows */

	/* Timers: a pass visits the group's buckets one by one. */
	struct lwip_clock clock;
	uint32_t cursor;         /* the next bucket */
	bool slow;               /* this pass runs the slow timers, too */

	struct slab slab;
} __attribute__((aligned(64)));

void fgroup_init(struct fgroup *g, uint32_t index, struct reserve *r, struct bucket *buckets, uint32_t nbuckets);
uint32_t fgroup_bucket(const struct fgroup *g, const struct tuple *t);

static inline ix_handle_t flow_handle(const struct flow *f) { return IX_HANDLE(f->gen, f->g->index, f->index); }

#endif
