/* SPDX-License-Identifier: MIT */
/* Initial sequence numbers for TCP: net/isn.c. lwIP calls net_isn (net/lwip/lwipopts.h). */
#ifndef JOS_NET_ISN_H
#define JOS_NET_ISN_H

void isn_init(void);

#endif
