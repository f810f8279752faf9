/* SPDX-License-Identifier: MIT */
/* Takes the place of the kernel's kern/dev/mmio.h in host tests: a fake device answers (fake_machine.h). */
#ifndef JOS_KERN_DEV_MMIO_H
#define JOS_KERN_DEV_MMIO_H

#include <inc/types.h>

uint32_t mmio_read(volatile uint32_t *regs, uint32_t offset);
void mmio_write(volatile uint32_t *regs, uint32_t offset, uint32_t value);

#endif
