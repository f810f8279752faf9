/* SPDX-License-Identifier: MIT */
/*
 * lwIP as the dataplane uses it: the raw interface, no threads, no timers and no memory of its own. Every
 * allocation comes from the current flow group's slab, checksums of payload are the NIC's, frames are checked
 * before lwIP sees them (kern/dp/rx.h). How the protocols behave is in inc/lwip_protocol.h.
 */
#ifndef JOS_KERN_DP_LWIP_LWIPOPTS_H
#define JOS_KERN_DP_LWIP_LWIPOPTS_H

#include <inc/lwip_protocol.h>

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_ARP 0 /* kern/dp/neigh.c */

/* Memory: kern/dp/slab.c, reached through the window's own pointer (tcp_unit.c). */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define mem_clib_malloc dp_lwip_malloc
#define mem_clib_free dp_lwip_free
#define mem_clib_calloc dp_lwip_calloc
#ifndef __ASSEMBLER__
void *dp_lwip_malloc(__SIZE_TYPE__ size);
void *dp_lwip_calloc(__SIZE_TYPE__ n, __SIZE_TYPE__ size);
void dp_lwip_free(void *p);
#endif
#define MEMCPY(dst, src, len) __builtin_memcpy(dst, src, len)
#define SMEMCPY(dst, src, len) __builtin_memcpy(dst, src, len)

/* Fragments are put together before (kern/dp/reass.c), and made after, in the one case there is (rx_echo.c). */
#define IP_REASSEMBLY 0
#define IP_FRAG 0

/* Zero copy: received frames stay in their buffers, sent bytes in the program's. */
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define TCP_OVERSIZE 0
#define LWIP_CHECKSUM_ON_COPY 0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define LWIP_TCP_PCB_NUM_EXT_ARGS 1

/* RFC 6528 (kern/dp/isn.c). Addresses are in network byte order, ports in the host's. */
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
	dp_isn((local_ip)->addr, (local_port), (remote_ip)->addr, (remote_port))
#ifndef __ASSEMBLER__
unsigned int dp_isn(unsigned int lip, unsigned short lport, unsigned int rip, unsigned short rport);
#endif

#endif
