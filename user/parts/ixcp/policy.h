/* SPDX-License-Identifier: MIT */
/*
 * When a dataplane gets one more CPU, and when it gives one back: decisions only, without a system call or a clock, so
 * that they can be tested anywhere (tests/ixcp_test.c). The control plane calls cp_decide() once in each interval.
 *
 * A policy is a row of numbers. All of them work alike: `needs` counts the intervals in a row in which one of the
 * dataplane's CPUs had too much to do or too long a queue, and all together enough that one more helps; `spares` counts those
 * in which the others could do one CPU's work, too.
 *
 * There is no swinging to and fro under a steady load, by construction: a CPU is added only when the load, spread over
 * those that were there before, is above keep_busy; and one is removed only when it would be below fit_busy, which is less.
 * To share a load among more CPUs never makes it smaller, since batches shrink, so the distance only grows.
 */
#ifndef JOS_USER_IXCP_POLICY_H
#define JOS_USER_IXCP_POLICY_H

#include <inc/types.h>

enum { CP_CPUS = 8 }; /* the most of one dataplane: IX_NTHREADS */

/* One CPU of a dataplane, over the last interval. */
struct cp_cpu {
	uint32_t busy;  /* how much of the time it had work: 0 to 1000 */
	uint32_t queue; /* most descriptors that it found filled at a poll */
};

/* A dataplane, over the last interval. Its first CPU cannot be removed. */
struct cp_view {
	uint32_t n;
	struct cp_cpu cpu[CP_CPUS];
};

struct cp_policy {
	const char *name;
	uint32_t add_busy, add_queue; /* one of its CPUs reaches this: it is in need ... */
	uint32_t keep_busy;           /* ... if all are this busy, on average */
	uint32_t fit_busy;            /* removed if the others would be less busy than this */
	uint32_t add_after, remove_after; /* intervals in a row */
	uint32_t rest;                /* intervals after a change that are not looked at */
};

/* What is remembered from one interval to the next; zeroed at the start. */
struct cp_memory {
	uint32_t needs, spares, rest;
};

enum cp_act { CP_STAY, CP_ADD, CP_REMOVE };

struct cp_decision {
	enum cp_act act;
	uint32_t cpu;    /* CP_REMOVE: which of the view's */
	const char *why; /* for people */
};

const struct cp_policy *cp_policy_named(const char *name); /* fixed, elastic, consolidate; NULL: there is no such policy */

/* `least` and `most`: between them the policy may choose. Both at least 1 and at most CP_CPUS, and n at least 1. */
struct cp_decision cp_decide(const struct cp_policy *p, struct cp_memory *m, const struct cp_view *v, uint32_t least,
			     uint32_t most);

#endif
