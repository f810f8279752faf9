/* SPDX-License-Identifier: MIT */
/*
 * lwIP as lab 6 uses it: the socket layer on threads of the network server (net/thread.c). Programs read this too,
 * by way of <lwip/sockets.h>. How the protocols behave is in inc/lwip_protocol.h.
 */
#ifndef JOS_NET_LWIP_LWIPOPTS_H
#define JOS_NET_LWIP_LWIPOPTS_H

#include <inc/lwip_protocol.h>

/*
 * Threads take turns by themselves, so nothing needs protection, and a socket call runs in its own thread under the
 * core lock, which is free whenever a thread gives up its turn. A socket may be closed while others wait for it.
 */
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_COMPAT_MUTEX 1
#define LWIP_COMPAT_MUTEX_ALLOWED 1
#define LWIP_TCPIP_CORE_LOCKING 1
#define LWIP_TCPIP_CORE_LOCKING_INPUT 1
#define LWIP_NETCONN_SEM_PER_THREAD 1
#define LWIP_NETCONN_FULLDUPLEX 1
#define LWIP_NETCONN_THREAD_SEM_GET() net_thread_sem()
#define LWIP_NETCONN_THREAD_SEM_ALLOC()
#define LWIP_NETCONN_THREAD_SEM_FREE()
#define LWIP_TCPIP_TIMEOUT 0
#define TCPIP_THREAD_STACKSIZE 0
#define TCPIP_MBOX_SIZE 16
#define DEFAULT_THREAD_STACKSIZE 0

/* Programs have socket() and its kin from lib/sockets.c, and the server calls lwIP's by their long names. */
#define LWIP_SOCKET 1
#define LWIP_COMPAT_SOCKETS 0
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_SELECT 0
#define LWIP_SOCKET_POLL 0
#define LWIP_PROVIDE_ERRNO 1

/*
 * Memory. Bytes come from net/heap.c, which grows as needed; what there is one of for each connection comes from pools.
 * Connections in TIME_WAIT are dropped for new ones when the pool is empty: so there are never so many of them that
 * lwIP's walk along all of them is dear.
 */
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc net_malloc
#define mem_clib_calloc net_calloc
#define mem_clib_free net_free
#define MEMP_NUM_TCP_PCB 1024
#define MEMP_NUM_TCP_PCB_LISTEN 64
#define MEMP_NUM_TCP_SEG 8192
#define MEMP_NUM_UDP_PCB 64
#define MEMP_NUM_NETCONN 1024
#define MEMP_NUM_NETBUF 256
#define MEMP_NUM_TCPIP_MSG_API 64
#define MEMP_NUM_PBUF 64
#define MEMP_NUM_ARP_QUEUE 64
#define PBUF_POOL_SIZE 8
#define DEFAULT_TCP_RECVMBOX_SIZE 32 /* our mailboxes grow */
#define DEFAULT_UDP_RECVMBOX_SIZE 32
#define DEFAULT_ACCEPTMBOX_SIZE 32

/*
 * Fragments. Strangers can send them, so few wait, and the oldest go first; there are enough for one datagram of 64 KB, or
 * for several shorter ones.
 */
#define IP_REASSEMBLY 1
#define IP_FRAG 1
#define IP_REASS_MAX_PBUFS 48
#define MEMP_NUM_REASSDATA 8
#define MEMP_NUM_FRAG_PBUF 48

#define LWIP_NETIF_LOOPBACK 1 /* programs of this machine reach each other */
#define LWIP_CHKSUM_ALGORITHM 3

#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
	net_isn((local_ip)->addr, (local_port), (remote_ip)->addr, (remote_port))

#ifndef __ASSEMBLER__
struct sys_sem;
struct sys_sem *net_thread_sem(void);
void *net_malloc(__SIZE_TYPE__ size);
void *net_calloc(__SIZE_TYPE__ n, __SIZE_TYPE__ size);
void net_free(void *p);
unsigned int net_isn(unsigned int lip, unsigned short lport, unsigned int rip, unsigned short rport);
#endif

#endif
