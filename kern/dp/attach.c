/* SPDX-License-Identifier: MIT */
/*
 * A dataplane's beginning and end. Both happen under the big lock: attach on the CPU where the program
 * runs, detach on the reserved one. Attach takes a CPU, a NIC and memory, or nothing; teardown() gives back
 * whatever there is, so it serves failed attaches as well.
 *
 * Memory comes in superpages, each contiguous and mapped by one large page. One is the thread's home:
 *
 * | struct dp | event array | call array | buffers' records | of the first thread: plane, groups | pages for the slabs ... |
 *                 mapped R-     mapped RW    for the program
 *
 * the others hold receive buffers and the send heap. All that a program may see is zeroed first.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/dp/memory.h>
#include <kern/dp/tcp.h>
#include <kern/env.h>
#include <kern/pmap.h>

enum {
	NBUFS_DEFAULT = BUFS_PER_SUPER,
	NBUFS_MAX = 8 * BUFS_PER_SUPER, /* of one thread */
	HEAP_DEFAULT = 4 * IX_HEAP_UNIT,
	EVENTS_SIZE = IX_NEVENTS * sizeof(struct ix_event),
	CALLS_SIZE = IX_NCALLS * sizeof(struct ix_call),
	FAREWELL_US = 20000, /* for resets to leave, at the end */
	IP_DEFAULT = 10 << 24 | 2 << 8 | 15,      /* 10.0.2.15 */
	GATEWAY_DEFAULT = 10 << 24 | 2 << 8 | 2,  /* 10.0.2.2 */
};

static uint32_t default_ip, default_gateway;

/* ---- Boot arguments ---- */

/* Four numbers and three dots, in host byte order; 0 if it is anything else. */
static uint32_t parse_ip(const char *s)
{
	uint32_t ip = 0;

	for (int i = 0; i < 4; i++) {
		char *end;
		long part = strtol(s, &end, 10);
		if (end == s || part < 0 || part > 255 || *end != (i < 3 ? '.' : '\0'))
			return 0;
		ip = ip << 8 | part;
		s = end + 1;
	}
	return ip;
}

static uint32_t bootarg_ip(const char *key, uint32_t otherwise)
{
	const char *text = bootarg(key);
	uint32_t ip = text ? parse_ip(text) : otherwise;

	if (ip)
		return ip;
	cprintf("%s=%s: not an address\n", key, text);
	return otherwise;
}

void dp_init(void)
{
	default_ip = bootarg_ip("ip", IP_DEFAULT);
	default_gateway = bootarg_ip("gw", GATEWAY_DEFAULT);
	policy_init();
}

/* ---- Memory ---- */

static void groups_init(struct dp *dp)
{
	static struct bucket none; /* stays empty */

	link_init(&dp->groups);
	link_init(&dp->pending);
	link_init(&dp->graves);
	link_init(&dp->half);
	link_init(&dp->waiting);
	dp->pass_at = dp->shed_at = &dp->groups;
	dp->next_port = 65536 - DYNAMIC_PORTS;
	fgroup_init(&dp->own, 0, &dp->reserve, &none, 1);
	dp->own.owner = dp;
}

void dp_take_group(struct dp *dp, struct fgroup *g)
{
	g->owner = dp;
	g->slab.reserve = &dp->reserve;
	list_append(&dp->groups, &g->owned);
	dp->ngroups++;
}

/* A thread's home; for the first one, also the plane. */
static struct dp *home_make(struct Env *e, struct netdev *nd, uint32_t nbufs)
{
	char *home = super_alloc(false), *next = home;
	if (!home)
		return NULL;

	struct dp *dp = home_take(&next, sizeof(*dp), 64);
	dp->env = e;
	dp->nd = nd;
	dp->events = home_take(&next, EVENTS_SIZE, PGSIZE);
	dp->calls = home_take(&next, CALLS_SIZE, PGSIZE);
	dp->buf_recs = home_take(&next, nbufs * sizeof(struct buf), PGSIZE);
	reserve_init(&dp->reserve);
	groups_init(dp);
	uport_init(dp);
	dp->plane = plane_make(nd, &dp->reserve, &next);
	dp->plane->members[0] = dp;
	for (uint32_t i = 0; i < dp->plane->ngroups; i++)
		dp_take_group(dp, &dp->plane->groups[i]);
	/* Offsets, for home may be the last superpage, and end where addresses wrap. */
	for (uint32_t off = ROUNDUP(next - home, PGSIZE); off < PTSIZE; off += PGSIZE)
		reserve_add_home(&dp->reserve, home + off);
	return dp;
}

static int buffers_make(struct dp *dp, uint32_t nbufs)
{
	uint32_t first = dp->plane->bufs.nsupers;
	int r = plane_bufs_make(dp->plane, dp->env, dp->buf_recs, nbufs / BUFS_PER_SUPER);

	bufpool_init(&dp->bufs, &dp->plane->bufs, first);
	return r;
}

/* ---- Attach ---- */

static int config_check(const struct ix_config *c)
{
	if (c->heap_size > DP_HEAP_UNITS * IX_HEAP_UNIT || c->nbufs > NBUFS_MAX || c->batch > DP_BATCH_MAX ||
	    c->idle >= IX_NIDLES)
		return -E_INVAL;
	return 0;
}

/* What was not asked for gets its default, and sizes become whole superpages. */
static void config_complete(struct ix_config *c)
{
	c->heap_size = ROUNDUP(c->heap_size ? c->heap_size : HEAP_DEFAULT, IX_HEAP_UNIT);
	c->nbufs = ROUNDUP(c->nbufs ? c->nbufs : NBUFS_DEFAULT, BUFS_PER_SUPER);
	c->batch = c->batch ? c->batch : default_policy.batch;
	c->idle = c->idle ? c->idle : default_policy.idle;
	c->ip = default_ip + c->nic;
	c->mss = TCP_MSS;
	c->window = TCP_SND_BUF;
}

/*
 * The CPU to reserve: the wanted one, or for IX_ANY_CPU the highest, if it runs (its status is not CPU_UNUSED), is not
 * reserved already, and is not CPU 0, where the devices' interrupts go. NULL: none. `wanted` is any number.
 */
static struct CpuInfo *cpu_choose(int wanted)
{
#ifndef EXERCISE_15
	for (int i = ncpu - 1; i > 0; i--) {
		bool free = cpus[i].cpu_status != CPU_UNUSED && !cpus[i].cpu_dp;
		if (free && (wanted == IX_ANY_CPU || wanted == i))
			return &cpus[i];
	}
	return NULL;
#else
	/* LAB IX: Your code here. (Exercise 15) */
	(void)wanted;
	return ncpu > 1 && !cpus[1].cpu_dp ? &cpus[1] : NULL;
#endif
}

static int nic_start(struct dp *dp)
{
	int r = dp->nd->ops->start(dp->nd, dp->plane->nqueues, DP_RX_RING, DP_TX_RING);

	if (r < 0)
		return r;
	dp->q = &dp->nd->q[dp->thread];
	nic_irq_attach(dp);
	rx_refill(dp);
	dp->nd->ops->rx_flush(dp->q);
	return 0;
}

static int build(struct dp *dp, const struct ix_config *c)
{
	struct plane *p = dp->plane;
	int r;

	p->policy = default_policy;
	p->policy.batch = c->batch;
	p->policy.idle = c->idle;
	p->ip = dp->ip = __builtin_bswap32(c->ip);
	p->gateway = __builtin_bswap32(default_gateway);
	if ((r = share(dp->env, dp->events, EVENTS_SIZE, (uintptr_t)IX_EVENTS(0), PTE_U)) < 0 ||
	    (r = share(dp->env, dp->calls, CALLS_SIZE, (uintptr_t)IX_CALLS(0), PTE_U | PTE_W)) < 0 ||
	    (r = buffers_make(dp, c->nbufs)) < 0 || (r = plane_heap_make(p, dp->env, c->heap_size / IX_HEAP_UNIT)) < 0 ||
	    (r = window_install(dp)) < 0 || (r = trace_make(&dp->trace)) < 0 || (r = nic_start(dp)) < 0)
		return r;
	dp->now_us = dp->seen_us = dp->counted_us = clock_us();
	dp->tick_us = dp->pass_us = dp->now_us;
	dp->timer_us = NEVER_US;
	stack_init(dp);
	tx_kick(dp);
	return 0;
}

static void end_group_loans(struct fgroup *g)
{
	for (uint32_t i = 0; g->nloans && i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(&g->flows, i);
		if (f)
			loans_end_all(g, &f->loans);
	}
}

static void end_loans(struct dp *dp)
{
	for (uint32_t i = 0; i < dp->plane->ngroups; i++)
		end_group_loans(&dp->plane->groups[i]);
	uport_end_loans(dp);
	page_reclaim_lent();
}

/* Stop the NIC first: from then on nobody but us touches any of the memory. */
static void teardown(struct dp *dp)
{
	struct plane *p = dp->plane;

	nic_irq_detach(dp);
	netdev_release(dp->nd);
	end_loans(dp);
	window_remove(dp);
	unmap_range(dp->env);
	unshare(dp->events, EVENTS_SIZE);
	unshare(dp->calls, CALLS_SIZE);
	slab_destroy(&dp->own.slab);
	plane_free_shared(p);
	reserve_empty(&dp->reserve);
	trace_free(&dp->trace);
	super_free(dp);
}

static int attach(struct Env *e, struct CpuInfo *cpu, struct netdev *nd, struct ix_config *c)
{
	struct dp *dp = home_make(e, nd, c->nbufs);

	if (!dp) {
		netdev_release(nd);
		return -E_NO_MEM;
	}
	dp->cpu = cpu;
	int r = build(dp, c);
	if (r < 0) {
		teardown(dp);
		return r;
	}
	c->cpu = cpu->cpu_id;
	memcpy(c->mac, nd->mac, sizeof(c->mac));
	e->env_dp = dp;
	cpu->cpu_dp = dp;
	mail_post(cpu, MAIL_SCHED);
	return 0;
}

int dp_attach(struct Env *e, int cpu, uint32_t config_va)
{
	void *user = (void *)(uintptr_t)config_va;
	struct ix_config c;

	if (e->env_dp)
		return -E_INVAL;
	if (user_mem_check(e, user, sizeof(c), PTE_W) < 0 || copy_from_user(e, &c, user, sizeof(c)) < 0)
		return -E_FAULT;
	int r = config_check(&c);
	if (r < 0)
		return r;
	struct CpuInfo *reserved = cpu_choose(cpu);
	if (!reserved)
		return -E_NO_CPU;
	struct netdev *nd = netdev_claim(c.nic, NETDEV_DP);
	if (!nd)
		return -E_NO_QUEUE;
	config_complete(&c);
	r = attach(e, reserved, nd, &c);
	return r < 0 ? r : copy_to_user(e, user, &c, sizeof(c));
}

/* ---- The end ---- */

/* Peers hear of it: every flow is reset, and the resets get a while to leave. */
static void say_farewell(struct dp *dp)
{
	uint64_t end = clock_us() + FAREWELL_US;

	stack_abort_all(dp);
	tx_kick(dp);
	do {
		tx_reap(dp);
		cpu_relax();
	} while (dp->q->tx_head != dp->q->tx_tail && clock_us() < end);
}

void dp_env_free(struct Env *e)
{
	struct dp *dp = e->env_dp;

	if (!dp)
		return;
	say_farewell(dp);
	dp->cpu->cpu_dp = NULL;
	e->env_dp = NULL;
	teardown(dp);
}

int dp_detach(struct Env *e)
{
	if (!e->env_dp)
		return -E_INVAL;
	dp_env_free(e);
	return 0;
}

int dp_cpu(const struct Env *e) { return e->env_dp ? e->env_dp->cpu->cpu_id : -1; }

struct Env *dp_env(const struct dp *dp) { return dp->env; }
