/* SPDX-License-Identifier: MIT */
/*
 * A dataplane's beginning and end. Both happen under the big lock: attach on the CPU where the program
 * runs, detach on the reserved one. Attach takes a CPU, a NIC and memory, or nothing; teardown() gives back
 * whatever there is, so it serves failed attaches as well.
 *
 * Memory comes in superpages, each contiguous and mapped by one large page. The first is home:
 *
 * | struct dp | event array | call array | buffers' records | struct fgroup | pages for the slab ... |
 *                 mapped R-     mapped RW    for the program
 *
 * the others hold receive buffers and the send heap. All that a program may see is zeroed first.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/dp/tcp.h>
#include <kern/env.h>
#include <kern/pmap.h>

enum {
	NBUFS_DEFAULT = BUFS_PER_SUPER,
	NBUFS_MAX = BUF_SUPERS_MAX * BUFS_PER_SUPER,
	HEAP_DEFAULT = 4 * IX_HEAP_UNIT,
	EVENTS_SIZE = IX_NEVENTS * sizeof(struct ix_event),
	CALLS_SIZE = IX_NCALLS * sizeof(struct ix_call),
	FAREWELL_US = 20000, /* for resets to leave, at the end */
	IP_DEFAULT = 10 << 24 | 2 << 8 | 15,      /* 10.0.2.15 */
	GATEWAY_DEFAULT = 10 << 24 | 2 << 8 | 2,  /* 10.0.2.2 */
};

_Static_assert(IX_RXBUFS + BUF_SUPERS_MAX * PTSIZE <= IX_HEAP, "receive buffers lie below the heap");

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

static void *super_alloc(bool zero)
{
	struct PageInfo *first = superpage_alloc();

	if (!first)
		return NULL;
	void *kva = page2kva(first);
	return zero ? memset(kva, 0, PTSIZE) : kva;
}

static void super_free(void *kva)
{
	if (kva)
		superpage_free(pa2page(PADDR(kva)));
}

/*
 * Show [kva, kva + size) to the program. The pages stay ours: a reference of our own keeps them from the
 * page allocator when the mapping goes.
 */
static int share(struct Env *e, void *kva, uint32_t size, uint32_t va, int perm)
{
	for (uint32_t off = 0; off < size; off += PGSIZE) {
		struct PageInfo *pp = pa2page(PADDR((char *)kva + off));
		pp->pp_ref = 1;
		int r = page_insert(e->env_pgdir, pp, (void *)(uintptr_t)(va + off), perm);
		if (r < 0)
			return r;
	}
	return 0;
}

static void unshare(void *kva, uint32_t size)
{
	for (uint32_t off = 0; off < size; off += PGSIZE)
		pa2page(PADDR((char *)kva + off))->pp_ref = 0;
}

/* The reserved range of a program holds mappings of ours only: all of them go, and their page tables. */
static void unmap_range(struct Env *e)
{
	for (uint32_t va = IXBASE; va < IXLIM; va += PTSIZE) {
		pde_t *pde = &e->env_pgdir[PDX(va)];
		if (!(*pde & PTE_P))
			continue;
		for (uint32_t off = 0; off < PTSIZE; off += PGSIZE)
			page_remove(e->env_pgdir, (void *)(uintptr_t)(va + off));
		struct PageInfo *table = pa2page(PTE_ADDR(*pde));
		*pde = 0;
		page_decref(table);
	}
	tlbflush();
}

/* Take from home, aligned to 64 bytes or to pages, and zeroed. */
static void *home_take(char **next, uint32_t size, uint32_t align)
{
	char *p = ROUNDUP(*next, align);

	*next = p + size;
	return memset(p, 0, size);
}

static struct dp *home_make(struct Env *e, uint32_t nbufs)
{
	char *home = super_alloc(false), *next = home;
	if (!home)
		return NULL;

	struct dp *dp = home_take(&next, sizeof(*dp), 64);
	dp->env = e;
	dp->events = home_take(&next, EVENTS_SIZE, PGSIZE);
	dp->calls = home_take(&next, CALLS_SIZE, PGSIZE);
	dp->bufs.bufs = home_take(&next, nbufs * sizeof(struct buf), PGSIZE);
	dp->bufs.n = nbufs;
	dp->group = home_take(&next, sizeof(*dp->group), 64);
	link_init(&dp->pending);
	link_init(&dp->graves);
	uport_init(dp);
	fgroup_init(dp->group, dp, (uint32_t)read_tsc() * 0x9E3779B1u, clock_us());
	/* Offsets, for home may be the last superpage, and end where addresses wrap. */
	for (uint32_t off = ROUNDUP(next - home, PGSIZE); off < PTSIZE; off += PGSIZE)
		slab_add_home(&dp->group->slab, home + off);
	return dp;
}

static int buffers_make(struct dp *dp)
{
	uint32_t n = dp->bufs.n;

	for (uint32_t i = 0; i < n / BUFS_PER_SUPER; i++) {
		uint32_t va = IX_RXBUFS + i * PTSIZE;
		dp->bufs.super[i] = super_alloc(true);
		if (!dp->bufs.super[i])
			return -E_NO_MEM;
		int r = share(dp->env, dp->bufs.super[i], PTSIZE, va, PTE_U);
		if (r < 0)
			return r;
	}
	bufpool_init(&dp->bufs, dp->bufs.bufs, n);
	return 0;
}

static int heap_make(struct dp *dp, uint32_t units)
{
	for (uint32_t i = 0; i < units; i++) {
		dp->heap[i] = super_alloc(true);
		if (!dp->heap[i])
			return -E_NO_MEM;
		int r = share(dp->env, dp->heap[i], PTSIZE, IX_HEAP + i * PTSIZE, PTE_U | PTE_W);
		if (r < 0)
			return r;
		dp->heap_units++;
	}
	return 0;
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

/* The wanted CPU, or the highest, if it runs, is not reserved, and is not CPU 0. */
static struct CpuInfo *cpu_choose(int wanted)
{
	for (int i = ncpu - 1; i > 0; i--) {
		bool free = cpus[i].cpu_status != CPU_UNUSED && !cpus[i].cpu_dp;
		if (free && (wanted == IX_ANY_CPU || wanted == i))
			return &cpus[i];
	}
	return NULL;
}

static int nic_start(struct dp *dp)
{
	int r = dp->nd->ops->start(dp->nd, 1, DP_RX_RING, DP_TX_RING);

	if (r < 0)
		return r;
	dp->q = &dp->nd->q[0];
	nic_irq_attach(dp);
	rx_refill(dp);
	dp->nd->ops->rx_flush(dp->q);
	return 0;
}

static int build(struct dp *dp, const struct ix_config *c)
{
	uint64_t seed = read_tsc();
	int r;

	dp->policy = default_policy;
	dp->policy.batch = c->batch;
	dp->policy.idle = c->idle;
	dp->ip = __builtin_bswap32(c->ip);
	dp->gateway = __builtin_bswap32(default_gateway);
	dp->isn_key[0] = (uint32_t)seed ^ dp->nd->mac[5];
	dp->isn_key[1] = (uint32_t)(seed >> 16) * 0x85EBCA77u;
	if ((r = share(dp->env, dp->events, EVENTS_SIZE, (uintptr_t)IX_EVENTS(0), PTE_U)) < 0 ||
	    (r = share(dp->env, dp->calls, CALLS_SIZE, (uintptr_t)IX_CALLS(0), PTE_U | PTE_W)) < 0 ||
	    (r = buffers_make(dp)) < 0 || (r = heap_make(dp, c->heap_size / IX_HEAP_UNIT)) < 0 ||
	    (r = window_install(dp)) < 0 || (r = trace_make(&dp->trace)) < 0 || (r = nic_start(dp)) < 0)
		return r;
	dp->now_us = dp->seen_us = clock_us();
	dp->timer_us = NEVER_US;
	stack_init(dp);
	tx_kick(dp);
	return 0;
}

static void end_loans(struct dp *dp)
{
	struct flow_table *flows = &dp->group->flows;

	for (uint32_t i = 0; i < flows->npages * FLOWS_PER_PAGE; i++) {
		struct flow *f = flow_at(flows, i);
		if (f)
			loans_end_all(dp, &f->loans);
	}
	uport_end_loans(dp);
	page_reclaim_lent();
}

/* Stop the NIC first: from then on nobody but us touches any of the memory. */
static void teardown(struct dp *dp)
{
	struct Env *e = dp->env;
	struct bufpool *bufs = &dp->bufs;
	uint32_t nsupers = bufs->n / BUFS_PER_SUPER;

	nic_irq_detach(dp);
	netdev_release(dp->nd);
	end_loans(dp);
	window_remove(dp);
	unmap_range(e);
	unshare(dp->events, EVENTS_SIZE);
	unshare(dp->calls, CALLS_SIZE);
	slab_destroy(&dp->group->slab);
	for (uint32_t i = 0; i < nsupers && bufs->super[i]; i++) {
		unshare(bufs->super[i], PTSIZE);
		super_free(bufs->super[i]);
	}
	for (uint32_t i = 0; i < DP_HEAP_UNITS && dp->heap[i]; i++) {
		unshare(dp->heap[i], PTSIZE);
		super_free(dp->heap[i]);
	}
	trace_free(&dp->trace);
	super_free(dp);
}

static int attach(struct Env *e, struct CpuInfo *cpu, struct netdev *nd, struct ix_config *c)
{
	struct dp *dp = home_make(e, c->nbufs);

	if (!dp) {
		netdev_release(nd);
		return -E_NO_MEM;
	}
	dp->nd = nd;
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
