/* SPDX-License-Identifier: MIT */
/*
 * What can be seen of a dataplane from outside: sys_dp_stat, and the monitor's commands. Counters are read from
 * a copy, which the dataplane's CPU makes once a millisecond, so that it does not lose its own lines to those
 * who look. The other commands read while that CPU writes: figures may be a little out of step with each
 * other, and no pointer that leads out of the dataplane's home is followed.
 */
#include <inc/error.h>
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/dp/dataplane.h>
#include <kern/monitor.h>
#include <kern/pmap.h>

enum { PUBLISH_US = 1000 };

static void add_group(struct ix_stat *s, const struct fgroup *g)
{
	s->timewait += g->nwaiting;
	s->slab_bytes += g->slab.bytes;
	s->slab_pages += g->slab.pages;
	s->loans += g->nloans;
}

static void snapshot(const struct dp *dp, struct ix_stat *s)
{
	const uint32_t *count = dp->bufs.count;

	*s = dp->stat;
	s->rx_doorbells = dp->q->rx_doorbells;
	s->tx_doorbells = dp->q->tx_doorbells;
	s->tx_descriptors = dp->q->tx_descriptors;
	s->listeners = dp->plane->nlisteners;
	s->bufs_total = dp->bufs.n;
	s->bufs_free = count[BUF_FREE];
	s->bufs_ring = count[BUF_NIC];
	s->bufs_app = count[BUF_APP];
	s->bufs_stack = count[BUF_STACK];
	s->batch = dp->plane->policy.batch;
	s->idle = dp->plane->policy.idle;
	s->unresponsive = dp->unresponsive;
	s->udp_ports = dp->udp.nbound;
	s->nic = dp->nd - netdevs;
	s->thread = dp->thread;
	s->groups = dp->ngroups;
	s->datagrams = dp->reass.nused;
	s->queue_depth = dp->nd->ops->rx_waiting(dp->q);
	s->queue_max = dp->queue_max;
	add_group(s, &dp->own);
	for (const struct link *at = dp->groups.next; at != &dp->groups; at = at->next)
		add_group(s, container_of(at, struct fgroup, owned));
	s->flows = dp->nflows - s->timewait;
}

void stat_publish(struct dp *dp)
{
	dp->publish_us = dp->now_us + PUBLISH_US;
	dp->queue_max = 0;
	dp->publications++;
	compiler_barrier(); /* odd before the first word is written ... */
	snapshot(dp, &dp->published);
	compiler_barrier(); /* ... and even after the last */
	dp->publications++;
}

/* On another CPU: again and again, until the copy did not change meanwhile. On its own: what holds now. */
static void read_published(struct dp *dp, struct ix_stat *s)
{
	uint32_t before;

	if (dp->cpu == thiscpu)
		stat_publish(dp);
	do {
		before = dp->publications;
		compiler_barrier();
		*s = dp->published;
		compiler_barrier();
	} while ((before & 1) || before != dp->publications);
}

int dp_stat(struct Env *e, int cpu, uint32_t stat_va)
{
	struct ix_stat s;

	if (cpu < 0 || cpu >= ncpu || !cpus[cpu].cpu_dp)
		return -E_INVAL;
	read_published(cpus[cpu].cpu_dp, &s);
	return copy_to_user(e, (void *)(uintptr_t)stat_va, &s, sizeof(s));
}

static void for_each_dp(void (*show)(struct dp *))
{
	int n = 0;

	for (int i = 0; i < ncpu; i++) {
		if (cpus[i].cpu_dp) {
			show(cpus[i].cpu_dp);
			n++;
		}
	}
	if (!n)
		cprintf("no CPU is reserved for a dataplane\n");
}

static void show_header(const struct dp *dp)
{
	const uint8_t *ip = (const uint8_t *)&dp->ip;

	cprintf("CPU %d: env %08x, thread %u of %u, %s %d, queue %u, %u groups, %d.%d.%d.%d\n", dp->cpu->cpu_id,
		dp->env->env_id, dp->thread, dp->plane->nmembers, dp->nd->name, (int)(dp->nd - netdevs), dp->q->index,
		dp->ngroups, ip[0], ip[1], ip[2], ip[3]);
}

static const struct {
	const char *name, *text;
} fields[] = {
#define FIELD(name, text) { #name, text },
	IX_COUNTERS(FIELD) IX_GAUGES(FIELD)
#undef FIELD
};

/* Counters that are 0 are left out. */
static void show_counters(struct dp *dp)
{
	struct ix_stat s;
	const uint64_t *value = (const uint64_t *)&s;

	_Static_assert(sizeof(s) == ARRAY_SIZE(fields) * sizeof(uint64_t), "one name for each field");
	read_published(dp, &s);
	show_header(dp);
	for (uint32_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (value[i])
			cprintf("  %-20s %12llu  %s\n", fields[i].name, value[i], fields[i].text);
	}
}

static const char *const state_names[] = {
	[FLOW_FREE] = "free",	  [FLOW_HALF] = "handshake", [FLOW_KNOCKING] = "knocking",
	[FLOW_CONNECTING] = "connecting", [FLOW_OPEN] = "open",	     [FLOW_BURIED] = "time-wait",
};

static void show_flow(const struct fgroup *g, const struct flow *f)
{
	const uint8_t *ip = (const uint8_t *)&f->tuple.rip;

	cprintf("  %3u.%u.%-6u %-10s %5u < %d.%d.%d.%d:%u  lent %u, flags %02x\n", g->index, f->index, f->gen,
		state_names[f->state], f->tuple.lport, ip[0], ip[1], ip[2], ip[3], f->tuple.rport, f->rx_lent,
		f->flags);
}

static void show_group(const struct fgroup *g)
{
	for (uint32_t i = 0; i < g->flows.npages * FLOWS_PER_PAGE; i++) {
		const struct flow *f = flow_at(&g->flows, i);
		if (f)
			show_flow(g, f);
	}
}

static void show_flows(struct dp *dp)
{
	uint32_t nwaiting = 0;

	show_header(dp);
	for (int i = 0; i < NLISTENERS; i++) {
		if (dp->plane->listeners[i].gen & 1)
			cprintf("  listener on port %u\n", dp->plane->listeners[i].port);
	}
	for (uint32_t i = 0; i < dp->plane->ngroups; i++) {
		const struct fgroup *g = &dp->plane->groups[i];
		if (g->owner == dp) {
			show_group(g);
			nwaiting += g->nwaiting;
		}
	}
	cprintf("%u flows, %u of them in TIME_WAIT\n", dp->nflows, nwaiting);
}

/* As ranges, both ends included. */
static void show_groups(struct dp *dp)
{
	const struct plane *p = dp->plane;
	uint32_t end;

	show_header(dp);
	for (uint32_t i = 0; i < p->ngroups; i = end) {
		for (end = i + 1; end < p->ngroups && p->groups[end].owner == p->groups[i].owner; end++)
			;
		if (p->groups[i].owner == dp)
			cprintf("  groups %u-%u\n", i, end - 1);
	}
}

static void show_memory(struct dp *dp)
{
	const uint32_t *count = dp->bufs.count;
	struct ix_stat s;

	read_published(dp, &s);
	show_header(dp);
	cprintf("  receive buffers: %u = %u free + %u in the ring + %u in the stack + %u lent to the app\n",
		dp->bufs.n, count[BUF_FREE], count[BUF_NIC], count[BUF_STACK], count[BUF_APP]);
	cprintf("  flow memory: %llu bytes in %llu pages; in reserve %u pages of home, %u borrowed\n", s.slab_bytes,
		s.slab_pages, dp->reserve.nhome, dp->reserve.nborrowed);
	cprintf("  transmit ring: %u descriptors not done; %u free pages in the machine\n",
		dp->q->tx_tail - dp->q->tx_head, (unsigned)page_nfree());
}

/* Indices run freely; the descriptor's place is in brackets. */
static void show_ring(const char *what, uint32_t head, uint32_t flushed, uint32_t tail, uint32_t size)
{
	cprintf("  %s: %u descriptors, head %u [%u], device knows up to %u [%u], tail %u [%u]: %u in use\n", what, size, head,
		head % size, flushed, flushed % size, tail, tail % size, tail - head);
}

static void show_rings(struct dp *dp)
{
	const struct netq *q = dp->q;

	show_header(dp);
	show_ring("receive", q->rx_head, q->rx_flushed, q->rx_tail, q->rx_size);
	show_ring("transmit", q->tx_head, q->tx_flushed, q->tx_tail, q->tx_size);
}

#define SHOW_CMD(ident, name, help, show)                                    \
	MONITOR_CMD(ident, name, help);                                      \
	static int ident(int argc, char **argv, struct Trapframe *tf)        \
	{                                                                    \
		(void)argc, (void)argv, (void)tf;                            \
		for_each_dp(show);                                           \
		return 0;                                                    \
	}

SHOW_CMD(mon_dp, "dp", "Counters of each dataplane", show_counters)
SHOW_CMD(mon_flows, "flows", "Connections of each dataplane", show_flows)
SHOW_CMD(mon_groups, "groups", "Flow groups of each dataplane's CPUs", show_groups)
SHOW_CMD(mon_buffers, "buffers", "Buffers and memory of each dataplane", show_memory)
SHOW_CMD(mon_rings, "rings", "Descriptor rings of each dataplane", show_rings)
