/* SPDX-License-Identifier: MIT */
/* ns_timer: lets the server know that time has passed. Between two calls it sleeps for as long as the server said. */
#include <net/ns.h>

void timer(envid_t ns, uint32_t ms)
{
	int32_t reply;

	binaryname = "ns_timer";
	for (;;) {
		sys_sleep_until(sys_time_msec() + ms);
		if (sys_ipc_call(ns, NSREQ_TIMER, (void *)UTOP, 0, (void *)UTOP) < 0)
			return;
		reply = thisenv->env_ipc_value;
		ms = thisenv->env_ipc_from == ns && reply > 0 ? reply : NS_TICK_MS;
	}
}
