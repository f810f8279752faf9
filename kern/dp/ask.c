/* SPDX-License-Identifier: MIT */
/*
 * What the CPUs of a dataplane ask of each other. There is one request, MAIL_DP: look at the plane. What there is to be
 * done shows in it.
 */
#include <kern/dp/move.h>

/* One that is parked, or has left, has nothing to answer for. */
void plane_ask(struct dp *dp)
{
	struct CpuInfo *cpu = dp->cpu;

	if (cpu)
		mail_post(cpu, MAIL_DP);
}

/* Its program waits, and there is nothing left here that could ever wake it. */
static bool can_park(struct dp *dp)
{
	return dp->leaving && dp->settled && !dp_has_groups(dp) && !dp->handed && link_alone(&dp->pending) &&
	       link_alone(&dp->udp.pending) && dp->q->tx_head == dp->q->tx_tail;
}

void plane_answer(struct dp *dp, bool app_waits)
{
	dp->asked = false;
	nic_irq_follow(dp);
	doors_follow(dp);
	groups_adopt(dp);
	neigh_flush(dp);
	groups_leave(dp, app_waits && dp->settled);
	dp->parks = app_waits && can_park(dp);
	dp->asked |= dp->leaving && !dp->parks;
}
