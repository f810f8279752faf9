/* SPDX-License-Identifier: MIT */
/* Takes the place of inc/x86.h in host tests: the few instructions that the dataplane uses, on a fake machine. */
#ifndef JOS_INC_X86_H
#define JOS_INC_X86_H

#include <inc/types.h>

void cpu_relax(void);    /* time goes on by 1 us */
uint64_t read_tsc(void);

static inline void tlbflush(void) {}

#define compiler_barrier() asm volatile("" ::: "memory")

#endif
