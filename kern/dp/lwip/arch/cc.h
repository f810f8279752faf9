/* SPDX-License-Identifier: MIT */
/*
 * What lwIP wants to know of the compiler and the machine. Its assertions are compiled in with DP_DEBUG only:
 * some of them can be provoked by a peer, and the code behind them copes.
 */
#ifndef JOS_KERN_DP_LWIP_ARCH_CC_H
#define JOS_KERN_DP_LWIP_ARCH_CC_H

#include <inc/assert.h>
#include <inc/lwip_types.h>

#define LWIP_PLATFORM_DIAG(x) \
	do {                  \
		cprintf x;    \
	} while (0)
#define LWIP_PLATFORM_ASSERT(text) panic("lwIP: %s", text)
#ifndef DP_DEBUG
#define LWIP_NOASSERT
#endif

#endif
