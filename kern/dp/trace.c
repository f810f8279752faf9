/* SPDX-License-Identifier: MIT */
/* The trace ring. The contract is trace.h. */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/dp/dataplane.h>
#include <kern/monitor.h>
#include <kern/pmap.h>

enum { RECORDS_MAX = PTSIZE / sizeof(struct trace_rec) };

int trace_make(struct trace *t)
{
	uint32_t size = bootarg_u32("trace", 0);

	if (!size)
		return 0;
	struct PageInfo *room = superpage_alloc();
	if (!room)
		return -E_NO_MEM;
	t->ring = page2kva(room);
	t->size = MIN(size, (uint32_t)RECORDS_MAX);
	t->returned = read_tsc();
	return 0;
}

void trace_free(struct trace *t)
{
	if (t->ring)
		superpage_free(pa2page(PADDR(t->ring)));
}

static void write(struct trace *t, const struct trace_rec *rec)
{
	if (!t->paused)
		t->ring[t->n++ % t->size] = *rec;
}

static void read_counters(const struct dp *dp, uint32_t counters[4])
{
	counters[0] = dp->stat.calls;
	counters[1] = dp->stat.rx_frames;
	counters[2] = dp->stat.tx_frames;
	counters[3] = dp->stat.events;
}

void trace_begin(struct dp *dp)
{
	struct trace *t = &dp->trace;

	if (!t->ring)
		return;
	t->now.start = read_tsc();
	read_counters(dp, t->before);
}

void trace_stage(struct dp *dp, enum trace_mark stage)
{
	struct trace *t = &dp->trace;

	if (t->ring)
		t->now.end[stage] = read_tsc() - t->now.start;
}

void trace_end(struct dp *dp)
{
	struct trace *t = &dp->trace;
	uint32_t after[4];

	if (!t->ring || !dp->busy)
		return;
	trace_stage(dp, TRACE_EVENTS);
	read_counters(dp, after);
	t->now.kind = TRACE_CYCLE;
	t->now.calls = after[0] - t->before[0];
	t->now.rx = after[1] - t->before[1];
	t->now.tx = after[2] - t->before[2];
	t->now.events = after[3] - t->before[3];
	write(t, &t->now);
}

void trace_return(struct dp *dp)
{
	if (dp->trace.ring)
		dp->trace.returned = read_tsc();
}

void trace_entry(struct dp *dp)
{
	struct trace *t = &dp->trace;

	if (!t->ring)
		return;
	struct trace_rec rec = { .start = t->returned, .kind = TRACE_APP };
	rec.end[TRACE_EVENTS] = read_tsc() - t->returned;
	write(t, &rec);
}

/* A record's line: kind, start in hexadecimal, ends of the stages, then what was counted. */
static void print(const struct trace_rec *r)
{
	cprintf("T %u %08x%08x %u %u %u %u %u %u %u %u\n", r->kind, (uint32_t)(r->start >> 32), (uint32_t)r->start,
		r->end[0], r->end[1], r->end[2], r->end[3], r->calls, r->rx, r->tx, r->events);
}

static void print_last(struct trace *t, uint32_t wanted)
{
	uint32_t n = MIN(MIN(t->n, t->size), wanted);

	t->paused = true;
	for (uint32_t i = t->n - n; i != t->n; i++)
		print(&t->ring[i % t->size]);
	t->paused = false;
}

MONITOR_CMD(mon_trace, "trace", "[n]: the last n records of each dataplane's trace (conf/trace2json.py)");
static int mon_trace(int argc, char **argv, struct Trapframe *tf)
{
	uint32_t n = argc > 1 ? strtol(argv[1], NULL, 10) : RECORDS_MAX;

	(void)tf;
	for (int i = 0; i < ncpu; i++) {
		struct dp *dp = cpus[i].cpu_dp;
		if (!dp)
			continue;
		cprintf("trace of CPU %d at %u kHz%s\n", i, tsc_khz, dp->trace.ring ? "" : " is off: boot with trace=N");
		if (dp->trace.ring)
			print_last(&dp->trace, n);
	}
	return 0;
}
