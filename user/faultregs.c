/* SPDX-License-Identifier: MIT */
/*
 * Does a page fault that a handler repairs leave every register as it was? Registers are filled from
 * `before`, a store faults, the handler copies what it finds in its UTrapframe to `during`, and after the
 * store `after` is taken.
 */
#include <inc/lib.h>

/* Laid out so that popal and popfl can load it and pushfl and pushal can store it. */
struct snapshot {
	struct PushRegs regs;
	uint32_t eip;
	uint32_t eflags;
	uint32_t esp;
};

static struct snapshot before __attribute__((used)), during, after __attribute__((used));

/* Load `before`, store to UTEMP at store_that_faults, and fill in `after`. */
extern void run_with_registers(void);
extern char store_that_faults[];

asm(".text\n"
    "run_with_registers:\n\t"
    "pushal\n\t"
    "movl $before, %ecx\n\t"
    "movl %esp, 40(%ecx)\n\t"       /* esp is the one that cannot be any number */
    "movl %ecx, %esp\n\t"
    "popal\n\t"
    "addl $4, %esp\n\t"
    "popfl\n\t"
    "movl (%esp), %esp\n"           /* neither this nor the store changes the flags */
    "store_that_faults:\n\t"
    "movl %eax, 0x400000\n\t"       /* UTEMP */
    "movl %esp, after + 40\n\t"
    "movl $after + 40, %esp\n\t"
    "pushfl\n\t"
    "pushl $store_that_faults\n\t"
    "pushal\n\t"
    "cld\n\t"
    "movl before + 40, %esp\n\t"
    "popal\n\t"
    "ret\n");

_Static_assert(offsetof(struct snapshot, esp) == 40, "the 40 above");

/* Popal skips the esp among the general registers, so it is not listed. */
static const struct {
	const char *name;
	size_t offset;
} registers[] = {
	{ "edi", offsetof(struct snapshot, regs.reg_edi) },
	{ "esi", offsetof(struct snapshot, regs.reg_esi) },
	{ "ebp", offsetof(struct snapshot, regs.reg_ebp) },
	{ "ebx", offsetof(struct snapshot, regs.reg_ebx) },
	{ "edx", offsetof(struct snapshot, regs.reg_edx) },
	{ "ecx", offsetof(struct snapshot, regs.reg_ecx) },
	{ "eax", offsetof(struct snapshot, regs.reg_eax) },
	{ "eip", offsetof(struct snapshot, eip) },
	{ "eflags", offsetof(struct snapshot, eflags) },
	{ "esp", offsetof(struct snapshot, esp) },
};

static uint32_t value_of(const struct snapshot *s, size_t offset)
{
	return *(const uint32_t *)((const char *)s + offset);
}

static const char *verdict(bool equal)
{
	return equal ? "OK" : "MISMATCH";
}

static void compare_with_before(const struct snapshot *other, const char *name, const char *place)
{
	bool all_equal = true;

	cprintf("%-6s %-8s %-8s\n", "", "before", name);
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		uint32_t expected = value_of(&before, registers[i].offset);
		uint32_t found = value_of(other, registers[i].offset);
		bool equal = found == expected;

		all_equal &= equal;
		cprintf("%-6s %08x %08x %s\n", registers[i].name, expected, found, verdict(equal));
	}
	cprintf("Registers %s %s\n", place, verdict(all_equal));
}

/* Also changes the registers a little, as any C code does: they must come back from the frame. */
static void repair(struct UTrapframe *utf)
{
	int r;

	if ((void *)utf->utf_fault_va != UTEMP)
		panic("pgfault expected at UTEMP, got 0x%08x (eip %08x)", utf->utf_fault_va, utf->utf_eip);
	during.regs = utf->utf_regs;
	during.eip = utf->utf_eip;
	during.eflags = utf->utf_eflags & ~FL_RF; /* the processor sets it in the frame of a fault */
	during.esp = utf->utf_esp;
	compare_with_before(&during, "during", "in UTrapframe");

	if ((r = sys_page_alloc(0, UTEMP, PTE_P | PTE_U | PTE_W)) < 0)
		panic("sys_page_alloc: %e", r);
}

/* A different pattern in each register, and every flag that a program can set freely. */
static void choose_registers(void)
{
	uint32_t *word = (uint32_t *)&before.regs;

	for (uint32_t i = 0; i < sizeof(before.regs) / sizeof(*word); i++)
		word[i] = 0x11111111 * (i + 1) ^ 0xa5;
	before.eip = (uint32_t)store_that_faults;
	before.eflags = FL_IF | 0x2 /* always 1 */ | FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_DF | FL_OF;
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	set_pgfault_handler(repair);
	choose_registers();
	run_with_registers();
	compare_with_before(&after, "after", "after page-fault");
}
