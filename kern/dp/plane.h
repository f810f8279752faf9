/* SPDX-License-Identifier: MIT */
/*
 * What the threads of one dataplane share. A dataplane has a NIC to itself, and is known by the NIC's number; its threads
 * (struct dp, dataplane.h) are envs that share one address space, each with a queue of the NIC and a CPU of its own, or
 * parked without one. Thread k polls queue k; thread 0, at whose queue ARP, ICMP and everything that is not hashed arrives,
 * makes the dataplane, always has a CPU, and leaves last.
 *
 * All of it is written under the big lock and seldom, but for what says otherwise; the fast path only reads it.
 */
#ifndef JOS_KERN_DP_PLANE_H
#define JOS_KERN_DP_PLANE_H

#include <inc/ix.h>

#include <kern/dev/netdev.h>
#include <kern/dp/buf.h>
#include <kern/dp/fgroup.h>
#include <kern/dp/neigh.h>
#include <kern/spinlock.h>

enum {
	DP_HEAP_UNITS = (IXLIM - IX_HEAP) / IX_HEAP_UNIT,
	NLISTENERS = 64,
};

/* How it works. Set at attach; later by sys_dp_ctl, from any CPU: each cycle reads what it finds. */
struct policy {
	uint32_t batch;
	uint32_t idle;                    /* IX_IDLE_x, but not the default */
	uint32_t watchdog_us, kill_us;    /* 0: never */
};

/*
 * A port that the program listens on, on all CPUs. CPUs read it without a lock: the generation is odd while the
 * listener is open, and every change of the rest lies between two changes of it.
 */
struct listener {
	volatile uint32_t gen;
	uint32_t cookie;
	uint16_t port;
	uint8_t backlog;
};

struct Env;

struct plane {
	struct netdev *nd;
	uint32_t ip, gateway;             /* network byte order */
	struct policy policy;
	uint32_t isn_key[2];

	struct dp *members[IX_NTHREADS];  /* NULL: there was none yet. One that has left has no env, and keeps its memory. */
	uint32_t nmembers;                /* with an env */
	uint32_t nqueues;                 /* so many threads there can be */

	struct fgroup *groups;
	uint32_t ngroups;                 /* NGROUPS, or 1 */

	/* Which thread shall have a group, and which the NIC sends it to: that one has it, or is about to. Guarded by the lock. */
	struct spinlock table_lock;
	uint8_t want[NGROUPS], table[NGROUPS];
	uint64_t epoch_us;                /* the threads count lwIP's ticks from here */

	struct listener listeners[NLISTENERS];
	uint32_t nlisteners;              /* open */
	volatile uint32_t cookie_tick;    /* 1 + the half second in which a SYN was last answered with a cookie; 0: long ago */

	struct neighbours neighbours;     /* written by queue 0's CPU; neigh.h */

	struct bufset bufs;
	uint8_t *heap[DP_HEAP_UNITS];
	uint32_t heap_units;
};

/*
 * With the big lock. plane_make: all zeroed but for NIC, keys and groups, in memory from *next on; the groups' first pages
 * come from `r`. The others add to it, as seen by `e`: 0 or -E_NO_MEM; what was added till then is freed in the end.
 */
struct plane *plane_make(struct netdev *nd, struct reserve *r, char **next);
int plane_heap_make(struct plane *p, struct Env *e, uint32_t units);
int plane_bufs_make(struct plane *p, struct Env *e, struct buf *recs, uint32_t nsupers);
void plane_bufs_unmake(struct plane *p, struct Env *e, uint32_t first); /* superpages from there on, which no pool has */
void plane_free_shared(struct plane *p); /* all but the threads' homes */

/*
 * spread.c, for the control side, with the big lock. They return at once; the CPUs concerned do it when they can, which
 * shows in `table`, and in each thread's counter of groups.
 *
 * plane_add_cpu: a parked thread that waits in sys_run_io gets that CPU, or any, and an even share of the groups. Its
 *   number; -E_NO_CPU; -E_AGAIN: no thread waits.
 * plane_remove_cpu: that CPU's groups go to the others, and its thread is parked at one of its next sys_run_io. 0;
 *   -E_INVAL: it is none of this dataplane's, or thread 0's; -E_AGAIN: it is leaving already.
 * plane_move_group: 0; -E_INVAL: no such group or thread; -E_AGAIN: the thread has no CPU, or the group is on its way.
 */
struct plane *plane_of_nic(uint32_t nic);  /* NULL: no dataplane has it */
int plane_add_cpu(struct plane *p, int cpu);
int plane_remove_cpu(struct plane *p, int cpu);
int plane_move_group(struct plane *p, uint32_t group, uint32_t thread);
void plane_ask_all(struct plane *p);       /* ask.c's request to each thread that has a CPU */
enum { NOBODY = 0xff };                    /* in `want`, while it is written */

/* By software's own hash, which is the NIC's. */
struct fgroup *group_of_tuple(const struct plane *p, const struct tuple *t);

/* listen.c: the table of listeners. Readers need no lock. */
int listener_on_port(const struct plane *p, uint16_t port, struct listener *copy); /* its slot, or -1 */
int listener_find(const struct plane *p, ix_handle_t handle);                      /* its slot, or -1 */
/* With the big lock. listener_open: slot, -E_IN_USE, or -E_NO_MEM: there are too many. */
int listener_open(struct plane *p, uint16_t port, uint8_t backlog, uint32_t cookie);
void listener_close(struct plane *p, int slot);

static inline ix_handle_t listener_handle(const struct plane *p, int slot)
{
	return IX_HANDLE(p->listeners[slot].gen, 0, FLOW_LISTENER | slot);
}

#endif
