/* SPDX-License-Identifier: MIT */
/*
 * What each busy cycle did, and how long each of its stages took, in a ring that the monitor's command `trace` prints and
 * conf/trace2json.py turns into a timeline for Perfetto or chrome://tracing. Boot argument trace=N keeps the last N
 * records; without it, nothing is recorded. Times are TSC ticks.
 */
#ifndef JOS_KERN_DP_TRACE_H
#define JOS_KERN_DP_TRACE_H

#include <inc/types.h>

struct dp;

enum trace_kind { TRACE_CYCLE, TRACE_APP };
enum trace_mark { TRACE_CALLS, TRACE_TIMERS, TRACE_RX, TRACE_EVENTS, TRACE_NSTAGES };

struct trace_rec {
	uint64_t start;
	uint32_t end[TRACE_NSTAGES]; /* of each stage, after `start`; of an app's turn, only the last one counts */
	uint32_t kind;
	uint16_t calls, rx, tx, events;
};

struct trace {
	struct trace_rec *ring;      /* NULL: off */
	uint32_t size, n;            /* n: how many were ever written */
	volatile bool paused;        /* somebody reads */
	struct trace_rec now;
	uint32_t before[4];          /* counters, when the cycle began */
	uint64_t returned;           /* when the app got the CPU */
};

int trace_make(struct trace *t); /* with the big lock: 0 or -E_NO_MEM */
void trace_free(struct trace *t);

/* In a cycle, and where the app comes in and goes out. Each costs one comparison while tracing is off. */
void trace_begin(struct dp *dp);
void trace_stage(struct dp *dp, enum trace_mark stage);
void trace_end(struct dp *dp);
void trace_entry(struct dp *dp);
void trace_return(struct dp *dp);

#endif
