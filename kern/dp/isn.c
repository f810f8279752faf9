/* SPDX-License-Identifier: MIT */
/*
 * Initial sequence numbers by RFC 6528: a clock of 4 us steps plus a keyed hash of the connection's ends,
 * so that numbers grow for one pair of ends and cannot be guessed for another.
 */
#include <inc/types.h>

#include <kern/clock.h>
#include <kern/dp/dataplane.h>
#include <kern/dp/lwip/lwipclock.h>
#include <kern/dp/siphash.h>

/*
 * lwIP's hook. The slab that it allocates from belongs to the group, and so to the dataplane, that it works
 * for.
 */
unsigned dp_isn(unsigned lip, unsigned short lport, unsigned rip, unsigned short rport)
{
	const struct dp *dp = container_of(lwip_slab, struct fgroup, slab)->owner;
	uint32_t ends[] = { lip, rip, (uint32_t)lport << 16 | rport };

	if (dp->resuming)
		return dp->cookie; /* the peer has it already */
	return siphash(dp->plane->isn_key, ends, 3) + (uint32_t)(clock_us() >> 2);
}
