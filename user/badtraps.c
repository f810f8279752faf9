/* SPDX-License-Identifier: MIT */
/*
 * Instructions, flags and stacks that no program should use. Each is tried by a child, which must die of it or live on,
 * as its table says; the machine, its other programs and the kernel's monitor must not notice.
 */
#include "parts/badtraps/badtraps.h"

#define ALIVE COMMON[0]

static const struct act *tried;

static void do_it(void)
{
	set_pgfault_handler(NULL);
	tried->act();
	ALIVE = 1;
}

static void try_acts(const struct act *acts)
{
	for (tried = acts; tried->what; tried++) {
		ALIVE = 0;
		wait(child_for(do_it));
		expect(tried->what, ALIVE, tried->lives);
	}
}

/* ---- int N ---- */

/* The instruction is written where it is needed: its vector is part of it. */
static uint8_t vector;

static void interrupt(void)
{
	uint8_t *code = (uint8_t *)HOLE;

	if (sys_page_alloc(0, code, OWN) < 0)
		return;
	code[0] = 0xcd;
	code[1] = vector;
	code[2] = 0xc3;
	((void (*)(void))code)();
	ALIVE = 1;
}

static void try_interrupts(void)
{
	static const uint8_t vectors[] = { 0, 1, 2, 6, 8, 13, 14, 18, 31, 32, 33, 36, 39, 47, 49, 51, 63, 64, 128, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		vector = vectors[i];
		ALIVE = 0;
		wait(child_for(interrupt));
		expect("whether a program outlived an int", ALIVE, false);
	}
}

/* ---- fs and gs: what one program does to them does not reach another ---- */

static uint16_t gs_now(void)
{
	uint16_t gs;

	asm volatile("mov %%gs, %0" : "=r"(gs));
	return gs;
}

static void spoil_segments(void)
{
	for (;;) {
		asm volatile("mov %w0, %%fs; mov %w0, %%gs" ::"r"(0));
		sys_yield();
	}
}

static void try_segments(void)
{
	envid_t child = child_for(spoil_segments);
	int spoilt = 0;

	for (int i = 0; i < 100; i++) {
		sys_yield();
		spoilt += gs_now() != (GD_UD | 3);
	}
	end_child(child);
	expect("how often gs was another's", spoilt, 0);
}

static void all(void)
{
	try_acts(instruction_acts);
	try_acts(address_acts);
	try_interrupts();
	try_segments();
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "badtraps";
	make_common();
	without_leak("free pages lost", all);
	conclude();
}
