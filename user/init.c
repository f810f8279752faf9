/* SPDX-License-Identifier: MIT */
/*
 * The first program from the disk. It looks whether it was loaded well (initialised data, zeroed data,
 * arguments), then keeps a shell running on the console.
 */
#include <inc/lib.h>
#include <user/session.h>

/* Word i of the data is WORD(i); 2000 of them are about two pages, so a loader that forgets one is caught. */
#define WORD(i) ((i)*1103515245u + 12345u)
#define WORDS10(i) \
	WORD(i), WORD(i + 1), WORD(i + 2), WORD(i + 3), WORD(i + 4), WORD(i + 5), WORD(i + 6), WORD(i + 7), \
		WORD(i + 8), WORD(i + 9)
#define WORDS50(i) WORDS10(i), WORDS10(i + 10), WORDS10(i + 20), WORDS10(i + 30), WORDS10(i + 40)
#define WORDS250(i) WORDS50(i), WORDS50(i + 50), WORDS50(i + 100), WORDS50(i + 150), WORDS50(i + 200)

static uint32_t data[] = {
	WORDS250(0u), WORDS250(250u), WORDS250(500u), WORDS250(750u),
	WORDS250(1000u), WORDS250(1250u), WORDS250(1500u), WORDS250(1750u),
};
static uint32_t bss[6000];

/* The first place where the data is not as compiled; -1 if it is. */
static int first_bad_data(void)
{
	const volatile uint32_t *d = data; /* volatile: what was loaded, not what the compiler knows */
	for (uint32_t i = 0; i < ARRAY_SIZE(data); i++)
		if (d[i] != WORD(i))
			return i;
	return -1;
}

static int first_bad_bss(void)
{
	const volatile uint32_t *b = bss;
	for (uint32_t i = 0; i < ARRAY_SIZE(bss); i++)
		if (b[i] != 0)
			return i;
	return -1;
}

static void report(const char *what, int bad)
{
	if (bad < 0)
		cprintf("init: %s seems okay\n", what);
	else
		cprintf("init: %s is not initialized: wrong at word %d\n", what, bad);
}

static void print_args(int argc, char **argv)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "init: args:");

	for (int i = 0; i < argc && len < (int)sizeof(line); i++)
		len += snprintf(line + len, sizeof(line) - len, " '%s'", argv[i]);
	cprintf("%s\n", line);
}

void umain(int argc, char **argv)
{
	cprintf("init: running\n");
	report("data", first_bad_data());
	report("bss", first_bad_bss());
	print_args(argc, argv);
	cprintf("init: running sh\n");
	use_console();
	run_shells("init");
}
