/* SPDX-License-Identifier: MIT */
/* What the control plane's limits say to those who give out CPUs. With the big lock. */
#ifndef JOS_KERN_DP_CONTROL_H
#define JOS_KERN_DP_CONTROL_H

#include <inc/types.h>

void control_init(void);
bool control_allows_cpu(uint32_t nic);  /* may this NIC's dataplane have one more, and is one left for it? */
bool control_allows_heap(uint32_t nic, uint32_t units); /* may its dataplane have so much send heap in all? */
bool control_allows_join(uint32_t nic); /* may a further thread take one? Not while somebody else decides such things */

#endif
