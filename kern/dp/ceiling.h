/* SPDX-License-Identifier: MIT */
/* The responder that stands for what this NIC can do at best: ceiling.c. */
#ifndef JOS_KERN_DP_CEILING_H
#define JOS_KERN_DP_CEILING_H

#include <inc/types.h>

void ceiling_run(void); /* at boot, after pci_init: returns at once, unless the boot argument is there */

void ceiling_answer_init(uint32_t ip, const uint8_t mac[6]); /* ip in host byte order */

uint32_t ceiling_announce(uint8_t *frame); /* RFC 5227, section 2.3: whose our address is, for all; the frame's length */

/* Writes the answer over the question; its length, or 0 for none. In is_tcp whether the NIC shall sum up TCP. */
uint32_t ceiling_answer(uint8_t *frame, uint32_t len, bool *is_tcp);

#endif
