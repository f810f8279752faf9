/* SPDX-License-Identifier: MIT */
/*
 * A lock on the fast path, which `make grade` must find (tests/grade/sharing.py). Linked into a kernel of its own, around
 * clock_us, which each cycle calls.
 */
#include <kern/clock.h>
#include <kern/spinlock.h>

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);

static struct spinlock planted_lock = { .name = "planted" };

uint64_t __wrap_clock_us(void)
{
	spin_lock(&planted_lock);
	uint64_t us = __real_clock_us();
	spin_unlock(&planted_lock);
	return us;
}
