/* SPDX-License-Identifier: MIT */
/*
 * Time by the TSC. Its rate is measured once against channel 2 of the interval timer (Intel 8254; IBM AT:
 * gate and output at port 0x61), and turned into a factor, so that reading the clock costs three
 * multiplications.
 */
#include <inc/stdio.h>
#include <inc/x86.h>

#include <kern/bootarg.h>
#include <kern/clock.h>

enum { PIT_CHANNEL_2 = 0x42, PIT_MODE = 0x43, PIT_COUNT_DOWN = 0xB0 }; /* channel 2, both bytes, mode 0 */
enum { PORT_B = 0x61, PORT_B_GATE = 0x01, PORT_B_SPEAKER = 0x02, PORT_B_OUT = 0x20 };

#define PIT_HZ 1193182
#define MEASURE_TICKS 2386 /* 2 ms */
enum { MILLION = 1000000 };
enum { MEASUREMENTS_MAX = 50, AGREEMENTS = 2, TOLERANCE = 256 }; /* tolerance: one part in so many */

/* ticks -> units: ticks * factor / 2^(32 + shift). factor has its highest bits in use, for precision. */
struct scale {
	uint32_t factor;
	uint32_t shift;
};

uint32_t tsc_khz;
static uint64_t tsc_at_boot;
static struct scale to_us, to_ms;

/* (high * 2^32) / divisor, where high < divisor: then the quotient fits 32 bits. */
static uint32_t div_shifted(uint32_t high, uint32_t divisor)
{
	uint32_t quotient, rest;

	asm("divl %4" : "=a"(quotient), "=d"(rest) : "0"(0), "1"(high), "r"(divisor) : "cc");
	return quotient;
}

/* For `units` per 1/1000 second, while the TSC counts tsc_khz. */
static struct scale make_scale(uint32_t units)
{
	struct scale s = { .shift = 0 };

	while (units << (s.shift + 1) < tsc_khz)
		s.shift++;
	s.factor = div_shifted(units << s.shift, tsc_khz);
	return s;
}

static uint64_t scaled(uint64_t ticks, const struct scale *s)
{
	uint64_t low = (ticks & 0xffffffff) * s->factor >> 32;
	uint64_t high = (ticks >> 32) * s->factor;

	return (high + low) >> s->shift;
}

/* TSC ticks that pass while the timer counts down once; more, if the host was away meanwhile. */
static uint32_t measure(void)
{
	uint64_t start = read_tsc();

	outb(PIT_MODE, PIT_COUNT_DOWN);
	outb(PIT_CHANNEL_2, MEASURE_TICKS & 0xff);
	outb(PIT_CHANNEL_2, MEASURE_TICKS >> 8);
	while (!(inb(PORT_B) & PORT_B_OUT))
		cpu_relax();
	return read_tsc() - start;
}

/* The shortest of all, when two more agree with it: on a busy host most are too long, and some by far. */
static uint32_t measure_well(void)
{
	uint32_t best = measure();

	for (int i = 0, agree = 0; i < MEASUREMENTS_MAX && agree < AGREEMENTS; i++) {
		uint32_t now = measure();
		if (now < best - best / TOLERANCE)
			agree = 0;
		else if (now <= best + best / TOLERANCE)
			agree++;
		best = MIN(best, now);
	}
	return best;
}

/*
 * Return exactly when the TSC has come to a number, which is near, where a tick is an instruction: half of what
 * is left in a loop of two instructions, and an odd one before.
 */
static void spin_until(uint64_t ticks)
{
	uint32_t left = ticks;

	asm volatile("rdtsc; subl %%eax, %0; shrl %0; jnc 1f; nop; 1: decl %0; jnz 1b" : "+r"(left) : : "eax", "edx", "cc");
}

/*
 * Boot argument `start=N`: be here when the TSC has counted N million ticks. Under QEMU's -icount that makes
 * everything from here on the same for every boot, whatever time the disk took to load us.
 */
static void wait_for_start(void)
{
	uint64_t start = (uint64_t)bootarg_u32("start", 0) * MILLION;

	if (!start)
		return;
	if (read_tsc() + MILLION > start) {
		cprintf("start=%u has passed\n", bootarg_u32("start", 0));
		return;
	}
	while (start - read_tsc() > MILLION)
		spin_until(read_tsc() + MILLION / 2);
	spin_until(start);
}

void clock_init(void)
{
	wait_for_start();
	tsc_at_boot = read_tsc();
	outb(PORT_B, (inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE);
	uint32_t best = measure_well();
	/* ticks a millisecond: best * PIT_HZ / (MEASURE_TICKS * 1000), by way of a 32-bit fraction */
	tsc_khz = (uint64_t)best * div_shifted(PIT_HZ, MEASURE_TICKS * 1000) >> 32;
	to_us = make_scale(1000);
	to_ms = make_scale(1);
}

uint64_t clock_us(void) { return scaled(read_tsc() - tsc_at_boot, &to_us); }
uint32_t clock_ms(void) { return scaled(read_tsc() - tsc_at_boot, &to_ms); }
