/* SPDX-License-Identifier: MIT */
/* What lwIP wants to know of the compiler and the machine, in the network server and in programs that use sockets. */
#ifndef JOS_NET_LWIP_ARCH_CC_H
#define JOS_NET_LWIP_ARCH_CC_H

#include <inc/lib.h> /* before lwIP's headers, which leave out what it defines */
#include <inc/lwip_types.h>

/* Assertions are left out: some of them can be provoked by a peer, and the code behind them copes. */
#define LWIP_NOASSERT
#define LWIP_PLATFORM_ASSERT(text) panic("lwIP: %s", text)
#define LWIP_PLATFORM_DIAG(x) \
	do {                  \
		cprintf x;    \
	} while (0)

#endif
