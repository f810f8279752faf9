/* SPDX-License-Identifier: MIT */
/*
 * A dataplane's beginning and end, and its threads'. All of it happens under the big lock: attach on the CPU where the
 * program runs, detach on the reserved one. The first thread's attach takes a CPU, a NIC and memory, or nothing; teardown()
 * gives back whatever there is, so it serves failed attaches as well. Others join, with a CPU or parked; the home of one
 * that leaves stays with the dataplane, and is the next one's.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/dp/control.h>
#include <kern/dp/member.h>
#include <kern/dp/memory.h>
#include <kern/dp/move.h>
#include <kern/dp/tcp.h>
#include <kern/env.h>
#include <kern/pmap.h>

enum {
	NBUFS_DEFAULT = BUFS_PER_SUPER,
	NBUFS_MAX = 8 * BUFS_PER_SUPER, /* of one thread */
	HEAP_DEFAULT = 4 * IX_HEAP_UNIT,
};

void dp_init(void)
{
	addresses_init();
	policy_init();
	control_init();
}

/* ---- Attach ---- */

static int config_check(const struct ix_config *c)
{
	if (c->heap_size > DP_HEAP_UNITS * IX_HEAP_UNIT || c->nbufs > NBUFS_MAX || c->batch > DP_BATCH_MAX ||
	    c->idle >= IX_NIDLES)
		return -E_INVAL;
	return 0;
}

/* What was not asked for gets its default, and sizes become whole superpages. A sibling needs no heap of its own. */
static void config_complete(struct ix_config *c, bool first)
{
	if (first && !c->heap_size)
		c->heap_size = HEAP_DEFAULT;
	c->heap_size = ROUNDUP(c->heap_size, IX_HEAP_UNIT);
	c->nbufs = ROUNDUP(c->nbufs ? c->nbufs : NBUFS_DEFAULT, BUFS_PER_SUPER);
	c->batch = c->batch ? c->batch : default_policy.batch;
	c->idle = c->idle ? c->idle : default_policy.idle;
	c->ip = address_of(c->nic)->ip;
	c->mss = TCP_MSS;
	c->window = TCP_SND_BUF;
}

static void config_answer(struct ix_config *c, const struct dp *dp)
{
	c->cpu = dp->cpu ? dp->cpu->cpu_id : 0xffff;
	c->thread = dp->thread;
	c->nbufs = dp->bufs.n;
	memcpy(c->mac, dp->nd->mac, sizeof(c->mac));
}

/* Stop the NIC first: from then on nobody but us touches any of the memory. */
static void teardown(struct dp *dp)
{
	struct plane *p = dp->plane;

	netdev_release(p->nd);
	plane_end_loans(p);
	unmap_range(dp->env);
	plane_free_shared(p);
	plane_free_homes(p);
}

static int set_up_plane(struct dp *dp, const struct ix_config *c)
{
	struct plane *p = dp->plane;

	p->policy = default_policy;
	p->policy.batch = c->batch;
	p->policy.idle = c->idle;
	p->ip = __builtin_bswap32(c->ip);
	p->gateway = __builtin_bswap32(address_of(c->nic)->gateway);
	p->epoch_us = clock_us();
	int r = plane_heap_make(p, dp->env, c->heap_size / IX_HEAP_UNIT);
	if (r == 0)
		r = p->nd->ops->start(p->nd, p->nqueues, DP_RX_RING, DP_TX_RING);
	return r < 0 ? r : member_make(dp, c->nbufs);
}

static int found(struct Env *e, struct CpuInfo *cpu, struct netdev *nd, struct ix_config *c)
{
	struct dp *dp = home_make(nd, NULL, c->nbufs);

	if (!dp) {
		netdev_release(nd);
		return -E_NO_MEM;
	}
	dp->env = e;
	int r = set_up_plane(dp, c);
	if (r == 0)
		r = member_enter(dp, e);
	if (r < 0) {
		dp->env = e;
		teardown(dp);
		return r;
	}
	member_give_cpu(dp, cpu);
	neigh_announce(dp);
	tx_kick(dp);
	config_answer(c, dp);
	return 0;
}

static int found_at(struct Env *e, int cpu, struct ix_config *c)
{
	struct CpuInfo *reserved = control_allows_cpu(c->nic) ? cpu_choose(cpu) : NULL;
	if (!reserved)
		return -E_NO_CPU;
	if (c->nic >= (uint32_t)nnetdevs)
		return -E_NO_QUEUE;
	config_complete(c, true);
	if (!control_allows_heap(c->nic, c->heap_size / IX_HEAP_UNIT))
		return -E_NO_MEM;
	struct netdev *nd = netdev_claim(c->nic, NETDEV_DP);
	if (!nd)
		return -E_NO_QUEUE;
	return found(e, reserved, nd, c);
}

/* ---- Siblings ---- */

/* The dataplane of e's program, or NULL. */
static struct plane *plane_of_program(const struct Env *e)
{
	for (int nic = 0; nic < nnetdevs; nic++) {
		struct plane *p = plane_of_nic(nic);
		if (p && env_shares_space(p->members[0]->env, e))
			return p;
	}
	return NULL;
}

/* A place for one more thread; nqueues: there is none. */
static uint32_t vacancy(const struct plane *p)
{
	uint32_t i = 0;

	while (i < p->nqueues && p->members[i] && (p->members[i]->env || p->members[i]->stuck))
		i++;
	return i;
}

/* The home that the next thread gets there: of one that left, or a new one. */
static struct dp *vacant_home(struct plane *p, uint32_t place, uint32_t nbufs)
{
	return p->members[place] ? p->members[place] : home_make(p->nd, p, nbufs);
}

static int join(struct Env *e, struct plane *p, int cpu, struct ix_config *c)
{
	struct CpuInfo *reserved = cpu != IX_PARKED && control_allows_join(c->nic) ? cpu_choose(cpu) : NULL;
	int r = 0;

	if (c->nic != (uint32_t)(p->nd - netdevs))
		return -E_INVAL;
	uint32_t place = vacancy(p);
	if (place == p->nqueues)
		return -E_NO_QUEUE;
	if (!reserved && cpu != IX_PARKED)
		return -E_NO_CPU;
	config_complete(c, false);
	if (c->heap_size && !control_allows_heap(c->nic, p->heap_units + c->heap_size / IX_HEAP_UNIT))
		return -E_NO_MEM;
	struct dp *dp = vacant_home(p, place, c->nbufs);
	if (!dp)
		return -E_NO_MEM;
	if (!dp->bufs.n) {
		dp->env = e;
		r = member_make(dp, c->nbufs);
		dp->env = NULL;
	}
	if (r == 0)
		r = plane_heap_make(p, e, c->heap_size / IX_HEAP_UNIT);
	if (r == 0)
		r = member_enter(dp, e);
	if (r < 0)
		return r;
	if (reserved)
		member_give_cpu(dp, reserved);
	config_answer(c, dp);
	return 0;
}

int dp_attach(struct Env *e, int cpu, uint32_t config_va)
{
	void *user = (void *)(uintptr_t)config_va;
	struct ix_config c;

	if (e->env_dp || e->env_dp_parked)
		return -E_INVAL;
	if (user_mem_check(e, user, sizeof(c), PTE_W) < 0 || copy_from_user(e, &c, user, sizeof(c)) < 0)
		return -E_FAULT;
	int r = config_check(&c);
	if (r < 0)
		return r;
	struct plane *p = plane_of_program(e);
	if (!p && (cpu == IX_PARKED || e != env_leader(e)))
		return -E_INVAL;
	r = p ? join(e, p, cpu, &c) : found_at(e, cpu, &c);
	return r < 0 ? r : copy_to_user(e, user, &c, sizeof(c));
}

/* ---- The end ---- */

/* A sibling leaves. Its flows go on, on other threads; but not when the whole program is about to end. */
static void leave(struct dp *dp)
{
	if (dp->plane->members[0]->env->env_status != ENV_DYING && dp->cpu) {
		plane_spread(dp->plane, dp);
		groups_leave_at_once(dp);
	}
	member_leave(dp);
}

void dp_env_free(struct Env *e)
{
	struct dp *dp = e->env_dp ? e->env_dp : e->env_dp_parked;

	if (!dp)
		return;
	pde_t *before = thiscpu->cpu_pgdir;
	if (before != e->env_pgdir)
		load_pgdir(e->env_pgdir); /* for lwIP's window: it was parked, or has never come to its CPU */
	if (dp->thread) {
		leave(dp);
	} else {
		plane_gather(dp->plane);
		member_leave(dp);
		dp->env = e;
		teardown(dp);
	}
	if (before != e->env_pgdir)
		load_pgdir(before);
}

int dp_detach(struct Env *e)
{
	struct dp *dp = e->env_dp ? e->env_dp : e->env_dp_parked;

	if (!dp)
		return -E_INVAL;
	if (dp->thread == 0 && dp->plane->nmembers > 1)
		return -E_AGAIN;
	dp_env_free(e);
	return 0;
}

int dp_cpu(const struct Env *e) { return e->env_dp ? e->env_dp->cpu->cpu_id : -1; }

struct Env *dp_env(const struct dp *dp) { return dp->env; }
