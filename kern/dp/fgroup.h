/* SPDX-License-Identifier: MIT */
/*
 * A flow group: the unit that owns flows, and one day moves between CPUs as a whole. All that TCP knows is
 * in here, none of it in lwIP's globals: while lwIP runs, its list heads stand for one bucket of one group
 * (tcp.c).
 *
 * Buckets hash the 4-tuple, so that lwIP's walk along a list meets one or two PCBs, however many there are.
 */
#ifndef JOS_KERN_DP_FGROUP_H
#define JOS_KERN_DP_FGROUP_H

#include <kern/dp/flow.h>
#include <kern/dp/lwip/lwipclock.h>

enum {
	NBUCKETS = 4096,
	BUCKET_NONE = NBUCKETS, /* always empty: for listeners, ARP and ICMP, which need no flow */
	NLISTENERS = 64,
};

struct dp;
struct tcp_pcb_listen;

struct listener {
	struct fgroup *g;
	struct tcp_pcb_listen *pcb; /* NULL: the slot is free */
	uint32_t gen;
	uint32_t cookie;
	uint16_t port;
};

struct fgroup {
	struct dp *owner;

	/* lwIP's lists. */
	struct tcp_pcb *active[NBUCKETS + 1];
	struct tcp_pcb *time_wait[NBUCKETS + 1];
	struct tcp_pcb_listen *listening;
	uint32_t hash_key;

	/* While lwIP runs on this group. */
	bool entered;
	uint16_t bucket;
	int abort_reason;        /* what it means if lwIP gives up a flow now */

	struct flow_table flows;
	struct listener listeners[NLISTENERS];
	uint32_t nlisteners;
	struct link half;        /* flows whose handshake is not done, oldest first */
	struct link waiting;     /* flows in TIME_WAIT, oldest first */
	uint32_t nwaiting;
	uint16_t next_port;      /* where the search for a local port goes on */

	/* Timers: a pass over all buckets starts every quarter of a second and is done in slices. */
	struct lwip_clock clock;
	uint64_t tick_us;        /* when clock.ticks advances next */
	uint64_t pass_us;        /* when the next pass starts */
	uint32_t cursor;         /* next bucket of this pass; NBUCKETS: it is over */
	uint32_t shed_cursor;    /* next bucket to look for out-of-order data in */
	bool slow;               /* this pass runs the slow timers, too */

	struct slab slab;
};

void fgroup_init(struct fgroup *g, struct dp *owner, uint32_t hash_key, uint64_t now_us);
uint16_t fgroup_bucket(const struct fgroup *g, const struct tuple *t);

struct listener *listener_find(struct fgroup *g, ix_handle_t handle);
struct listener *listener_on_port(struct fgroup *g, uint16_t port);
struct listener *listener_slot(struct fgroup *g); /* a free one, or NULL */

static inline ix_handle_t listener_handle(const struct listener *l)
{
	return IX_HANDLE(l->gen, 0, FLOW_LISTENER | (l - l->g->listeners));
}

#endif
