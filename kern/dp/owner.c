/* SPDX-License-Identifier: MIT */
/*
 * Whose is it? A thread of a dataplane, and all that it owns, is touched by its own CPU only, without a lock: what breaks
 * that rule goes unnoticed until two CPUs meet. A build with DP_DEBUG asks at every door (OWN_CPU, OWN_GROUP in
 * dataplane.h). A thread without a CPU, parked or about to begin or end, is whoever's has the big lock.
 */
#include <inc/assert.h>

#include <kern/dp/dataplane.h>

void owner_check(const struct dp *dp, const char *where)
{
	if (dp->cpu && dp->cpu != thiscpu)
		panic("%s: CPU %d touches what belongs to CPU %d", where, cpunum(), dp->cpu->cpu_id);
}

void owner_check_group(const struct fgroup *g, const char *where)
{
	if (!g->owner)
		panic("%s: CPU %d touches group %u, which is on its way between CPUs", where, cpunum(), g->index);
	owner_check(g->owner, where);
}
