/* SPDX-License-Identifier: MIT */
/*
 * Device registers in memory: 32 bits wide, named by their byte offset. Host tests bring their own version
 * of this header, in which a fake device answers.
 *
 * On x86 an access to uncached memory stays in order with all stores before it, so a doorbell needs no
 * fence: the compiler alone must be held back, by the caller, who knows what the doorbell announces.
 */
#ifndef JOS_KERN_DEV_MMIO_H
#define JOS_KERN_DEV_MMIO_H

#include <inc/types.h>

static inline uint32_t mmio_read(volatile uint32_t *regs, uint32_t offset)
{
	return regs[offset / 4];
}

static inline void mmio_write(volatile uint32_t *regs, uint32_t offset, uint32_t value)
{
	regs[offset / 4] = value;
}

#endif
