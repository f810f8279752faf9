/* SPDX-License-Identifier: MIT */
/*
 * What the CPUs of a dataplane ask of each other. There is one request, MAIL_DP: look at the plane. What there is to be
 * done shows in it.
 */
#include <inc/x86.h>

#include <kern/dp/dataplane.h>

/* One that is parked, or has left, has nothing to answer for. */
void plane_ask(struct dp *dp)
{
	struct CpuInfo *cpu = dp->cpu;

	if (cpu)
		mail_post(cpu, MAIL_DP);
}

void plane_answer(struct dp *dp, bool app_waits)
{
	(void)app_waits;
	dp->asked = false;
	doors_follow(dp);
}
