/* SPDX-License-Identifier: MIT */
/*
 * The machine that kernel code sees on the host: some pages of physical memory from FAKE_BASE on, one
 * device's registers, a clock that goes on by 1 us each time it is read. A freed page is poisoned: the
 * address sanitizer reports who touches it.
 */
#ifndef TESTS_FAKE_MACHINE_H
#define TESTS_FAKE_MACHINE_H

#include "host.h"

#define JOS_INC_STDIO_H /* the C library has it */
#include <kern/pmap.h>

enum { FAKE_PAGES = 256, FAKE_BASE = 0x100000 };

void fake_machine_init(void);         /* all pages free, no device */
size_t fake_pages_used(void);
void fake_pages_left(size_t n);       /* let page_alloc fail after n more pages */

/* Who answers reads and writes of device registers. */
struct fake_device {
	uint32_t (*read)(uint32_t offset);
	void (*write)(uint32_t offset, uint32_t value);
};
void fake_device_set(const struct fake_device *dev);

/* Configuration space, by double words: all 0 at first. A driver's second mapped region is a plain array. */
extern uint32_t fake_conf[64];
extern uint32_t fake_msix[64];

#endif
