/* SPDX-License-Identifier: MIT */
/* Takes the place of inc/trap.h in host tests, where nothing traps: frames have another size on 64 bits. */
#ifndef JOS_INC_TRAP_H
#define JOS_INC_TRAP_H

#include <inc/types.h>

#define IRQ_OFFSET 32

struct PushRegs;
struct Trapframe {
	uint32_t tf_words[17];
};

#endif
