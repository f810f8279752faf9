/* SPDX-License-Identifier: MIT */
/*
 * The part of the lwIP window that is ours (tcp_unit.c): what lwIP keeps private and the dataplane must set,
 * and where this CPU's lwIP gets its memory. Valid only on a reserved CPU, like all of lwIP.
 */
#ifndef JOS_KERN_DP_LWIP_LWIPCLOCK_H
#define JOS_KERN_DP_LWIP_LWIPCLOCK_H

#include <inc/types.h>

struct slab;

extern struct slab *lwip_slab; /* allocations come from here: the current flow group's */

/*
 * TCP's two counters. lwIP advances them at each timer call; the dataplane sets them from its own clock
 * instead.
 */
struct lwip_clock {
	uint32_t ticks; /* tcp_ticks: half seconds */
	uint8_t pass;   /* tcp_timer_ctr: which timer pass a PCB has seen last */
};
void lwip_clock_set(const struct lwip_clock *clock);

#endif
