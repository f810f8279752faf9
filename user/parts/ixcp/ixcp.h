/* SPDX-License-Identifier: MIT */
/* Between the files of the control plane's program, user/ixcp.c. */
#ifndef JOS_USER_IXCP_H
#define JOS_USER_IXCP_H

#include <inc/ix.h>
#include <inc/lib.h>

#include "policy.h"

enum { NICS = 8, CPUS = 8, WHY_MAX = 64 };

/* What one CPU's dataplane counted, when looked at last and over the interval since. */
struct cpu_watch {
	bool reserved;
	struct ix_stat now, before;
};

/* A dataplane: what its policy remembers, and what was done last. */
struct plane_watch {
	uint32_t least, most;
	struct cp_memory memory;
	struct cp_view view;
	int cpu_of[CP_CPUS];      /* the view's CPUs, by thread: the first is thread 0's */
	char last[WHY_MAX];       /* last change, for people */
};

struct watch {
	const struct cp_policy *policy;
	uint32_t interval_ms, changes;
	struct cpu_watch cpu[CPUS];
	struct plane_watch plane[NICS];
};

/* sample.c: read all counters, and make of them what the policies look at. */
void sample(struct watch *w);
uint32_t busy_between(const struct ix_stat *now, const struct ix_stat *before); /* how much of the time: 0 to 1000 */

/* view.c: a table on the console, drawn over the last one. */
void view_begin(void);
void view_draw(const struct watch *w);

#endif
