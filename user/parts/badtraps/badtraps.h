/* SPDX-License-Identifier: MIT */
/* What programs should not do: each in a child of its own, which dies of it or lives on. */
#ifndef JOS_USER_BADTRAPS_H
#define JOS_USER_BADTRAPS_H

#include <user/hostile.h>

#define HOLE 0x10000000 /* where nothing is mapped */

struct act {
	const char *what; /* NULL: there are no more */
	void (*act)(void);
	bool lives;
};

extern const struct act instruction_acts[]; /* instructions.c: flags, and instructions that are the kernel's */
extern const struct act address_acts[];     /* addresses.c: jumps, stacks and upcalls to where there is nothing */

#endif
