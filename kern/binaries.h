/* SPDX-License-Identifier: MIT */
/* Programs inside the kernel image; the table is made by the build (obj/kern/binaries.S). */
#ifndef JOS_KERN_BINARIES_H
#define JOS_KERN_BINARIES_H

#include <inc/types.h>

struct binary {
	const char *name; /* its path with `_` for `/`: user_icode */
	const uint8_t *start;
	uint32_t size;
};
extern const struct binary binaries[];
extern const int nbinaries;

#endif
