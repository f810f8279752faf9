/* SPDX-License-Identifier: MIT */
/*
 * Threads of a dataplane. The contract is member.h. Memory comes in superpages, each contiguous and mapped by one large
 * page. One is the thread's home:
 *
 * | struct dp | event array | call array | buffers' records | of the first thread: plane, groups | pages for the slabs ... |
 *                 mapped R-     mapped RW    for the program
 *
 * the others hold receive buffers and the send heap. All that a program may see is zeroed first.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/dp/member.h>
#include <kern/dp/memory.h>
#include <kern/dp/move.h>
#include <kern/dp/tcp.h>
#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/sleep.h>

enum {
	EVENTS_SIZE = IX_NEVENTS * sizeof(struct ix_event),
	CALLS_SIZE = IX_NCALLS * sizeof(struct ix_call),
	FAREWELL_US = 20000, /* for resets to leave, at the end */
};

/* ---- Groups ---- */

void dp_take_group(struct dp *dp, struct fgroup *g)
{
	g->owner = dp;
	g->slab.reserve = &dp->reserve;
	list_append(&dp->groups, &g->owned);
	dp->ngroups++;
	dp->nflows += g->flows.nused;
}

void dp_drop_group(struct dp *dp, struct fgroup *g)
{
	stack_forget_group(dp, g);
	link_take(&g->owned);
	dp->ngroups--;
	dp->nflows -= g->flows.nused;
	g->owner = NULL;
}

/* ---- Homes ---- */

static void lists_init(struct dp *dp)
{
	link_init(&dp->groups);
	link_init(&dp->pending);
	link_init(&dp->graves);
	link_init(&dp->waiting);
	dp->pass_at = dp->shed_at = &dp->groups;
	reserve_init(&dp->reserve);
	fgroup_init(&dp->own, 0, &dp->reserve, &dp->no_flows, 1);
	dp->own.owner = dp;
}

static void begin_plane(struct dp *dp, struct netdev *nd, char **next)
{
	struct plane *p = dp->plane = plane_make(nd, &dp->reserve, next);

	for (uint32_t i = 0; i < p->ngroups; i++)
		dp_take_group(dp, &p->groups[i]);
}

static uint32_t place_in(struct plane *p, struct dp *dp)
{
	uint32_t i = 0;

	while (p->members[i])
		i++;
	p->members[i] = dp;
	return i;
}

struct dp *home_make(struct netdev *nd, struct plane *p, uint32_t nbufs)
{
	char *home = super_alloc(false), *next = home;
	if (!home)
		return NULL;

	struct dp *dp = home_take(&next, sizeof(*dp), 64);
	dp->nd = nd;
	dp->events = home_take(&next, EVENTS_SIZE, PGSIZE);
	dp->calls = home_take(&next, CALLS_SIZE, PGSIZE);
	dp->buf_recs = home_take(&next, nbufs * sizeof(struct buf), PGSIZE);
	dp->nbuf_recs = nbufs;
	lists_init(dp);
	dp->plane = p;
	if (!p)
		begin_plane(dp, nd, &next);
	dp->thread = place_in(dp->plane, dp);
	/* Offsets, for home may be the last superpage, and end where addresses wrap. */
	for (uint32_t off = ROUNDUP(next - home, PGSIZE); off < PTSIZE; off += PGSIZE)
		reserve_add_home(&dp->reserve, home + off);
	return dp;
}

/* Memory may be out half-way, and the next attempt ask for more: the home has room for so many buffers as the first one wanted. */
int member_make(struct dp *dp, uint32_t nbufs)
{
	struct plane *p = dp->plane;
	uint32_t first = p->bufs.nsupers;
	int r;

	if ((r = share(dp->env, dp->events, EVENTS_SIZE, (uintptr_t)IX_EVENTS(dp->thread), PTE_U)) < 0 ||
	    (r = share(dp->env, dp->calls, CALLS_SIZE, (uintptr_t)IX_CALLS(dp->thread), PTE_U | PTE_W)) < 0)
		return r;
	r = plane_bufs_make(p, dp->env, dp->buf_recs, MIN(nbufs, dp->nbuf_recs) / BUFS_PER_SUPER);
	if (r < 0) {
		plane_bufs_unmake(p, dp->env, first);
		return r;
	}
	bufpool_init(&dp->bufs, &p->bufs, first);
	dp->q = &p->nd->q[dp->thread];
	rx_refill(dp);
	p->nd->ops->rx_flush(dp->q);
	return 0;
}

/* ---- Entering and leaving ---- */

static void begin_time(struct dp *dp)
{
	dp->now_us = dp->seen_us = dp->counted_us = clock_us();
	dp->pass_us = dp->now_us;
	dp->neigh.tick_us = dp->now_us;
	dp->busy = false;
}

/* As when it was new, but for the counters. lwIP begins anew in any case, with its window. */
static void reset(struct dp *dp)
{
	memset(dp->events, 0, EVENTS_SIZE);
	memset(dp->calls, 0, CALLS_SIZE);
	memset(dp->timers, 0, sizeof(dp->timers));
	memset(dp->doors, 0, sizeof(dp->doors));
	memset(&dp->neigh, 0, sizeof(dp->neigh));
	dp->leaving = dp->parks = dp->asked = dp->unresponsive = false;
	dp->ticks = 0;
	dp->tick_us = dp->plane->epoch_us;
	dp->timer_us = NEVER_US;
	dp->next_port = 65536 - DYNAMIC_PORTS;
	uport_end_all(dp);
	uport_init(dp);
}

int member_enter(struct dp *dp, struct Env *e)
{
	int r;

	dp->env = e;
	dp->ip = dp->plane->ip;
	reset(dp);
	begin_time(dp);
	if ((r = window_install(dp)) < 0 || (!dp->trace.ring && (r = trace_make(&dp->trace)) < 0)) {
		window_remove(dp);
		dp->env = NULL;
		return r;
	}
	stack_init(dp);
	e->env_dp_parked = dp;
	dp->plane->nmembers++;
	return 0;
}

void member_give_cpu(struct dp *dp, struct CpuInfo *cpu)
{
	begin_time(dp);
	dp->cpu = cpu;
	dp->leaving = dp->parks = false;
	nic_irq_attach(dp);
	dp->env->env_dp_parked = NULL;
	dp->env->env_dp = dp;
	cpu->cpu_dp = dp;
	sleep_watch();
	plane_spread(dp->plane, NULL);
	mail_post(cpu, MAIL_SCHED);
}

void member_take_cpu(struct dp *dp)
{
	reass_forget(dp);
	stat_publish(dp);
	nic_irq_detach(dp);
	dp->cpu->cpu_timer_armed = false; /* for the watchdog, if at all: slices and sleepers are not to wait for it */
	dp->cpu->cpu_dp = NULL;
	dp->cpu = NULL;
	dp->env->env_dp = NULL;
	dp->env->env_dp_parked = dp;
}

/* Peers hear of it: every flow is reset, and the resets get a while to leave. */
static void say_farewell(struct dp *dp)
{
	uint64_t end = clock_us() + FAREWELL_US;

	stack_abort_all(dp);
	uport_close_all(dp);
	neigh_forget(dp);
	frames_forget(dp);
	tx_kick(dp);
	if (dp->stuck)
		return; /* what the ring holds belongs to flows that others have now */
	do {
		tx_reap(dp);
		mail_poll();
		cpu_relax();
	} while (dp->q->tx_head != dp->q->tx_tail && clock_us() < end);
	dp->stuck = dp->q->tx_head != dp->q->tx_tail;
	if (!dp->stuck)
		uport_end_all(dp);
}

void member_leave(struct dp *dp)
{
	struct Env *e = dp->env;

	say_farewell(dp);
	if (page_nlent_free())
		page_reclaim_lent(); /* what its last datagrams had lent; it does not look any more (dp_settle) */
	if (dp->cpu)
		member_take_cpu(dp);
	e->env_dp_parked = NULL;
	window_remove(dp);
	dp->env = NULL;
	dp->plane->nmembers--;
}

/* ---- The plane's end ---- */

void plane_gather(struct plane *p)
{
	struct dp *first = p->members[0];

	for (uint32_t i = 0; i < p->ngroups; i++) {
		struct fgroup *g = &p->groups[i];
		if (g->owner == first)
			continue;
		if (g->owner) {
			dp_drop_group(g->owner, g);
			dp_take_group(first, g);
		} else {
			group_adopt(first, g);
		}
	}
}

static void end_group_loans(struct fgroup *g)
{
	for (uint32_t i = 0; g->nloans && i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (f)
			loans_end_all(g, &f->loans);
	}
}

void plane_end_loans(struct plane *p)
{
	for (uint32_t i = 0; i < p->ngroups; i++)
		end_group_loans(&p->groups[i]);
	for (int i = 0; i < IX_NTHREADS; i++) {
		if (p->members[i])
			uport_end_all(p->members[i]);
	}
	page_reclaim_lent();
}

void plane_free_homes(struct plane *p)
{
	struct dp *members[IX_NTHREADS];

	memcpy(members, p->members, sizeof(members)); /* the plane lies in the first one's home */
	for (int i = IX_NTHREADS - 1; i >= 0; i--) {
		struct dp *dp = members[i];
		if (!dp)
			continue;
		unshare(dp->events, EVENTS_SIZE);
		unshare(dp->calls, CALLS_SIZE);
		slab_destroy(&dp->own.slab);
		reserve_empty(&dp->reserve);
		trace_free(&dp->trace);
		super_free(dp);
	}
}
