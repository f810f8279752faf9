/* SPDX-License-Identifier: MIT */
/*
 * lwIP as lab 6 uses it: the socket layer on threads of the network server (net/thread.c). Programs read this too,
 * by way of <lwip/sockets.h>. What the protocol itself does (the last section) is the same as in the dataplane
 * (kern/dp/lwip/lwipopts.h), so that the two differ by architecture only.
 */
#ifndef JOS_NET_LWIP_LWIPOPTS_H
#define JOS_NET_LWIP_LWIPOPTS_H

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
#define LWIP_IPV6 0
#define LWIP_RAW 0
#define LWIP_UDP 1
#define LWIP_STATS 0
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1

/*
 * Memory. Bytes come from net/heap.c, which grows as needed; what there is one of for each connection comes from pools.
 * Connections in TIME_WAIT are dropped for new ones when the pool is empty: so there are never so many of them that
 * lwIP's walk along all of them is dear.
 */
#define MEM_ALIGNMENT 4
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

/* IP: whole packets for one interface. */
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_SINGLE_NETIF 1
#define LWIP_NETIF_LOOPBACK 1 /* programs of this machine reach each other */
#define LWIP_ICMP 1
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 1
#define LWIP_NETIF_HWADDRHINT 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_CHKSUM_ALGORITHM 3

/* TCP, as in the dataplane. */
#define TCP_MSS 1460
#define TCP_WND (44 * TCP_MSS)
#define TCP_SND_BUF (44 * TCP_MSS)
#define TCP_SND_QUEUELEN 256
#define TCP_MSL 1000
#define TCP_MAXRTX 6
#define TCP_SYNMAXRTX 4
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS 48
#define TCP_LISTEN_BACKLOG 1

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
