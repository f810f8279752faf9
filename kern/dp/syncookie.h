/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of SYN cookies (Bernstein, 1996; RFC 4987, section 3.6 and appendix A): initial sequence numbers in which
 * their maker recognizes a connection it has forgotten.
 *
 *   cookie = hash(ends) + peer's number + (minute << 24) + (hash(ends, minute, peer's number) + MSS' place in a table) mod 2^24
 *
 * so they grow with the peer's own numbers and with time. The hash is keyed: a guess is right once in 180 million times. A
 * minute has 128 half seconds; a cookie is good in its own and in the next one, and in the one before, as clocks of two
 * CPUs differ by a little.
 */
#ifndef JOS_KERN_DP_SYNCOOKIE_H
#define JOS_KERN_DP_SYNCOOKIE_H

#include <kern/dp/flow.h>

enum { SYNCOOKIE_TICKS = 256 }; /* half seconds after which none is good any more */

uint32_t syncookie_make(const uint32_t key[2], const struct tuple *t, uint32_t irs, uint16_t mss, uint32_t tick);
/* An MSS that is at most that of its SYN, or 64; 0: this is no cookie for that, or too old. */
uint16_t syncookie_mss(const uint32_t key[2], const struct tuple *t, uint32_t irs, uint32_t cookie, uint32_t tick);

#endif
