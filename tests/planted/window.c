/* SPDX-License-Identifier: MIT */
/* A look at lwIP's variables from a CPU that no dataplane has, which must fault: see lock.c. */
#include <kern/clock.h>
#include <kern/cpu.h>

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);

/* An attach asks for the time, while the program is still on a CPU that it shares. */
uint64_t __wrap_clock_us(void)
{
	if (curenv && !thiscpu->cpu_dp)
		(void)*(volatile uint32_t *)DPWINDOW;
	return __real_clock_us();
}
