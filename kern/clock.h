/* SPDX-License-Identifier: MIT */
/* Time since boot, from the TSC, which QEMU keeps equal on all CPUs. Any CPU may ask, without a lock. */
#ifndef JOS_KERN_CLOCK_H
#define JOS_KERN_CLOCK_H

#include <inc/types.h>

extern uint32_t tsc_khz;

void clock_init(void);        /* once, on CPU 0: measures the TSC against the PIT */
uint64_t clock_us(void);
uint32_t clock_ms(void);      /* wraps after 49 days */

#endif
