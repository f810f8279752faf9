/* SPDX-License-Identifier: MIT */
/* From the dataplanes' counters to what the policies look at. */
#include "ixcp.h"

/* What is left of a CPU's counters from another dataplane means nothing for this one. */
static void read_cpu(struct cpu_watch *c, int cpu)
{
	bool before = c->reserved;

	c->before = c->now;
	c->reserved = sys_dp_stat(cpu, &c->now) == 0;
	if (!before || c->now.cycles < c->before.cycles || c->now.nic != c->before.nic)
		c->before = c->now;
}

uint32_t busy_between(const struct ix_stat *now, const struct ix_stat *before)
{
	uint32_t busy = now->busy_us - before->busy_us, idle = now->idle_us - before->idle_us;

	return MIN(busy / MAX((busy + idle) / 1000, 1u), 1000u);
}

static struct cp_cpu look(const struct cpu_watch *c)
{
	return (struct cp_cpu){ .busy = busy_between(&c->now, &c->before), .queue = MAX(c->now.queue_depth, c->now.queue_max) };
}

/* In the order of their threads: the first cannot be removed, and comes first. */
static void add_to_view(struct plane_watch *p, const struct watch *w, int cpu)
{
	uint32_t at = p->view.n++;

	while (at > 0 && w->cpu[p->cpu_of[at - 1]].now.thread > w->cpu[cpu].now.thread) {
		p->view.cpu[at] = p->view.cpu[at - 1];
		p->cpu_of[at] = p->cpu_of[at - 1];
		at--;
	}
	p->view.cpu[at] = look(&w->cpu[cpu]);
	p->cpu_of[at] = cpu;
}

void sample(struct watch *w)
{
	for (int nic = 0; nic < NICS; nic++)
		w->plane[nic].view.n = 0;
	for (int cpu = 0; cpu < CPUS; cpu++) {
		struct cpu_watch *c = &w->cpu[cpu];
		read_cpu(c, cpu);
		if (c->reserved && c->now.nic < NICS)
			add_to_view(&w->plane[c->now.nic], w, cpu);
	}
}
