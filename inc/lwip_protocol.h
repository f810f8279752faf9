/* SPDX-License-Identifier: MIT */
/*
 * How the protocols behave: lwIP's options that are the same in the dataplane (kern/dp/lwip) and in lab 6's server
 * (net/lwip), so that the two differ by architecture only.
 */
#ifndef JOS_INC_LWIP_PROTOCOL_H
#define JOS_INC_LWIP_PROTOCOL_H

#define LWIP_IPV6 0
#define LWIP_RAW 0
#define LWIP_UDP 1
#define LWIP_ICMP 1
#define LWIP_STATS 0
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define MEM_ALIGNMENT 4

/* IP, for one interface. Fragments: each side has its own way with them, and the same limits in time. */
#define IP_REASS_MAXAGE 60 /* seconds from the first fragment on: the least that RFC 1122 recommends, in 3.3.2 */
#define LWIP_SINGLE_NETIF 1
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 1
#define LWIP_NETIF_HWADDRHINT 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0

/*
 * TCP. Windows are 44 segments, just below the 64 KB that need no scaling. A flow whose peer is silent is
 * given up after some 95 seconds; TIME_WAIT lasts 2 * TCP_MSL. Out-of-order data of one flow holds at most
 * one window's worth of buffers.
 */
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

#endif
