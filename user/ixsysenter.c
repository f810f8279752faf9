/* SPDX-License-Identifier: MIT */
/*
 * Enters the kernel by sysenter in a state that would confuse a trusting one, again and again, and checks that
 * each call did what it should. The word says how: `nt`, `tf`, `ac` and `df` set that flag, `segments` empties
 * the data segments; `stack` and `code` give a bad address to return with, which ends this program.
 */
#include <inc/lib.h>
#include <inc/libix.h>

enum { ROUNDS = 1000, BAD_ADDRESS = 0xf0100000 };

struct trick {
	const char *name;
	uint32_t flags, segments;
	uint32_t esp, eip; /* 0: good ones */
};

static const struct trick tricks[] = {
	{ "plain", 0, GD_UD | 3, 0, 0 },
	{ "nt", FL_NT, GD_UD | 3, 0, 0 },
	{ "tf", FL_TF, GD_UD | 3, 0, 0 },
	{ "ac", FL_AC, GD_UD | 3, 0, 0 },
	{ "df", FL_DF, GD_UD | 3, 0, 0 },
	{ "all", FL_NT | FL_TF | FL_AC | FL_DF, GD_UD | 3, 0, 0 },
	{ "segments", 0, 0, 0, 0 },
	{ "code-segments", 0, GD_UT | 3, 0, 0 },
	{ "stack", 0, GD_UD | 3, BAD_ADDRESS, 0 },
	{ "code", 0, GD_UD | 3, 0, BAD_ADDRESS },
};

/*
 * System call `number` with arguments 0 and 0. Flags are set last, by popf, right before sysenter; afterwards
 * segments and flags are made good again before anything is touched.
 */
static int32_t enter(const struct trick *t, int number)
{
	int32_t result = number;
	uint32_t flags = t->flags | 2, segments = t->segments, esp = t->esp;
	uint32_t eip = t->eip;

	asm volatile("pushl %%ebp\n\t"
		     "movl %%esp, %%ebp\n\t"
		     "testl %%edx, %%edx\n\t"
		     "cmovnz %%edx, %%ebp\n\t"
		     "testl %%esi, %%esi\n\t"
		     "jnz 2f\n\t"
		     "movl $1f, %%esi\n"
		     "2:\tpushl %%ecx\n\t"
		     "movl %%edi, %%ds\n\t"
		     "movl %%edi, %%es\n\t"
		     "movl %%edi, %%fs\n\t"
		     "movl %%edi, %%gs\n\t"
		     "movl $0, %%edx\n\t"
		     "movl $0, %%ecx\n\t"
		     "popfl\n\t"
		     "sysenter\n"
		     "1:\tpushl $2\n\t"
		     "popfl\n\t"
		     "movl %[good], %%ecx\n\t"
		     "movl %%ecx, %%ds\n\t"
		     "movl %%ecx, %%es\n\t"
		     "popl %%ebp"
		     : "+a"(result), "+d"(esp), "+c"(flags), "+S"(eip), "+D"(segments)
		     : [good] "i"(GD_UD | 3)
		     : "memory", "cc");
	return result;
}

static const struct trick *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tricks); i++) {
		if (strcmp(tricks[i].name, name) == 0)
			return &tricks[i];
	}
	panic("no such trick: %s", name);
}

/* With a dataplane the call takes the fast way; without one, and for another call, the way of all. */
static void play(const struct trick *t)
{
	static const struct ix_handlers none;
	struct ix_config config = { 0 };
	int r = enter(t, SYS_run_io);

	if (r != -E_INVAL)
		panic("run_io without a dataplane: %d", r);
	if ((r = ix_attach(IX_ANY_CPU, &config, &none)) < 0)
		panic("attach: %e", r);
	for (int i = 0; i < ROUNDS; i++) {
		if ((r = enter(t, SYS_run_io)) != 0)
			panic("run_io, round %d: %d", i, r);
		if ((r = enter(t, SYS_getenvid)) != thisenv->env_id)
			panic("getenvid, round %d: %08x", i, r);
		if ((r = enter(t, NSYSCALLS + i)) != -E_INVAL)
			panic("call %d: %d", NSYSCALLS + i, r);
	}
}

void umain(int argc, char **argv)
{
	if (argc != 2)
		panic("usage: ixsysenter trick");
	play(find(argv[1]));
	cprintf("ixsysenter: %s: %d rounds survived\n", argv[1], ROUNDS);
}
