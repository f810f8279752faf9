/* SPDX-License-Identifier: MIT */
/*
 * A trace of lab 6's frames, and on the console the lines that the course's own QEMU printed for them. Boot argument
 * e1000_debug= has what to print, with commas: tx, rx, rxfilter. Other words of QEMU's list are accepted and mean nothing.
 */
#ifndef JOS_KERN_LAB6_TRACE_H
#define JOS_KERN_LAB6_TRACE_H

#include <inc/types.h>

struct netq;

void lab6_trace_init(void);
void lab6_trace_tx(const struct netq *q, int ndescs); /* after tx_put, before the doorbell */
void lab6_trace_rx(const struct netq *q, const uint8_t *frame, uint32_t len);

#endif
