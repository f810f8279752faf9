/* SPDX-License-Identifier: MIT */
/*
 * Instructions, flags and stacks that no program should use. Each is tried by a child, which must die of it or live on,
 * as the table says; the machine, its other programs and the kernel's monitor must not notice.
 */
#include <user/hostile.h>

#define HOLE 0x10000000
#define ALIVE COMMON[0]
#define EXCEPTION_STACK ((void *)(UXSTACKTOP - PGSIZE))

static void set_flags(uint32_t flags)
{
	asm volatile("pushfl; orl %0, (%%esp); popfl" ::"r"(flags) : "memory", "cc");
}

static uint32_t flags_now(void)
{
	uint32_t flags;

	asm volatile("pushfl; popl %0" : "=r"(flags));
	return flags;
}

/* ---- Flags ---- */

static void trap_flag(void) { set_flags(FL_TF); }

static void trap_flag_then_call(void)
{
	asm volatile("pushfl; orl %0, (%%esp); popfl; int %1"
		     :: "i"(FL_TF), "i"(T_SYSCALL), "a"(SYS_getenvid) : "memory", "cc");
}

static void nested_task(void)
{
	set_flags(FL_NT);
	sys_yield();
	sys_getenvid();
}

static void nested_task_return(void)
{
	set_flags(FL_NT);
	asm volatile("iret");
}

static void alignment(void)
{
	static char bytes[8];

	set_flags(FL_AC);
	*(volatile uint32_t *)(bytes + 1) = 1;
	sys_yield();
	*(volatile uint32_t *)(bytes + 2) = 1;
}

/* The kernel copies upwards whatever we set. */
static void direction(void)
{
	char run[16];
	int r;

	asm volatile("std; int %1; cld"
		     : "=a"(r)
		     : "i"(T_SYSCALL), "a"(SYS_bootarg), "d"("run"), "c"(run), "b"(sizeof(run))
		     : "memory", "cc");
	if (r < 0 || strcmp(run, "user_badtraps") != 0)
		sys_env_destroy(0);
}

static void io_rights(void)
{
	set_flags(FL_IOPL_3);
	if (flags_now() & FL_IOPL_MASK)
		return;
	outb(0x80, 0);
}

static void interrupts_off(void) { asm volatile("cli"); }
static void virtual_8086(void) { set_flags(FL_VM); }

/* popfl leaves IF as it is. */
static void interrupts_masked(void)
{
	asm volatile("pushfl; andl %0, (%%esp); popfl" ::"i"(~FL_IF) : "memory", "cc");
	if (!(flags_now() & FL_IF))
		sys_env_destroy(0);
}

/* ---- Instructions ---- */

static void divide(void) { asm volatile("divl %0" ::"r"(0), "a"(1), "d"(0) : "cc"); }
static void undefined(void) { asm volatile("ud2"); }
static void halt(void) { asm volatile("hlt"); }
static void icebp(void) { asm volatile(".byte 0xf1"); }
static void bound(void)
{
	static const int limits[2] = { 1, 2 };

	asm volatile("bound %0, %1" ::"r"(0), "m"(limits));
}
static void overflow(void) { asm volatile("movb $127, %%al; addb $1, %%al; into" ::: "eax", "cc"); }
static void load_cr3(void) { asm volatile("movl %0, %%cr3" ::"r"(0)); }
static void read_cr0(void) { asm volatile("movl %%cr0, %%eax" ::: "eax"); }
static void debug_register(void) { asm volatile("movl %0, %%dr7" ::"r"(0x401)); }
static void load_idt(void) { asm volatile("lidt (%0)" ::"r"(HOLE)); }
static void load_task(void) { asm volatile("ltr %w0" ::"r"(GD_TSS0)); }
static void read_msr(void) { asm volatile("rdmsr" ::"c"(0x1b) : "eax", "edx"); }
static void sysenter(void) { asm volatile("sysenter"); }
static void in_port(void) { inb(0x60); }
static void far_call_task(void) { asm volatile("lcall %0, $0" ::"i"(GD_TSS0)); }
static void far_jump_kernel(void) { asm volatile("ljmp %0, $0" ::"i"(GD_KT)); }
static void kernel_data(void) { asm volatile("mov %w0, %%ds" ::"r"(GD_KD)); }
static void null_stack(void) { asm volatile("mov %w0, %%ss" ::"r"(0)); }
static void code_as_stack(void) { asm volatile("mov %w0, %%ss" ::"r"(GD_UT | 3)); }

/* Segments that may be loaded, but are of little use: the kernel must not depend on them. */
static void odd_segments(void)
{
	asm volatile("pushl %%ds; mov %w0, %%ds; mov %w0, %%es; mov %w0, %%fs; mov %w0, %%gs; int %1; popl %%ds; "
		     "pushl %%ds; popl %%es" ::"r"(0), "i"(T_SYSCALL), "a"(SYS_yield) : "memory");
	asm volatile("pushl %%ds; mov %w0, %%ds; mov %w0, %%es; int %1; popl %%ds; pushl %%ds; popl %%es"
		     ::"r"(GD_UT | 3), "i"(T_SYSCALL), "a"(SYS_yield) : "memory");
}

/* ---- Addresses ---- */

static void jump(uint32_t to) { asm volatile("jmp *%0" ::"r"(to)); }
static void jump_null(void) { jump(0); }
static void jump_kernel(void) { jump(KERNBASE + 0x100000); }
static void jump_last(void) { jump(-1u); }
static void jump_page_tables(void) { jump(UVPT); }
static void write_envs(void) { *(volatile uint32_t *)UENVS = 0; }
static void write_pages(void) { *(volatile uint32_t *)UPAGES = 0; }
static void write_page_table(void) { uvpt[PGNUM(&uvpt)] = 0; }
static void read_device(void) { (void)*(volatile uint32_t *)MMIOBASE; }
static void read_stack(void) { (void)*(volatile uint32_t *)(KSTACKTOP - 4); }

static void push_at(uint32_t esp) { asm volatile("movl %0, %%esp; pushl $1" ::"r"(esp)); }
static void stack_null(void) { push_at(0); }
static void stack_kernel(void) { push_at(KSTACKTOP); }
static void stack_above(void) { push_at(UENVS + 64); }

static void call_without_stack(void)
{
	asm volatile("movl %%esp, %%ebx; xorl %%esp, %%esp; int %0; movl $0xf0000000, %%esp; int %0; movl %%ebx, %%esp"
		     :: "i"(T_SYSCALL), "a"(SYS_getenvid) : "ebx", "memory");
}

/* ---- Page-fault upcalls ---- */

static void fault(void) { *(volatile uint32_t *)HOLE = 1; }

static void fault_again(struct UTrapframe *utf)
{
	USED(utf);
	fault();
}

static void endless_faults(void)
{
	set_pgfault_handler(fault_again);
	fault();
}

static void with_upcall(uint32_t upcall)
{
	set_pgfault_handler(fault_again);
	sys_env_set_pgfault_upcall(0, (void *)upcall);
	fault();
}

static void upcall_kernel(void) { with_upcall(KERNBASE + 0x100000); }
static void upcall_last(void) { with_upcall(-1u); }
static void upcall_hole(void) { with_upcall(HOLE); }

static void stack_taken_away(void)
{
	set_pgfault_handler(fault_again);
	sys_page_unmap(0, EXCEPTION_STACK);
	fault();
}

static void stack_read_only(void)
{
	set_pgfault_handler(fault_again);
	sys_page_map(0, EXCEPTION_STACK, 0, EXCEPTION_STACK, READ);
	fault();
}

static void fault_at(uint32_t esp)
{
	set_pgfault_handler(fault_again);
	asm volatile("movl %0, %%esp; movl $1, %1" ::"r"(esp), "m"(*(volatile uint32_t *)HOLE));
}

static void fault_at_stack_bottom(void) { fault_at(UXSTACKTOP - PGSIZE + 8); }
static void fault_at_stack_top(void) { fault_at(UXSTACKTOP - 1); }

/* A handler that mends the matter, for a copy that goes downwards: flags must come back as they were. */
static void map_it(struct UTrapframe *utf)
{
	if (sys_page_alloc(0, (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE), OWN) < 0)
		sys_env_destroy(0);
}

static void fault_downwards(void)
{
	static const char text[] = "downwards";
	char *to = (char *)HOLE + PGSIZE - 4;

	set_pgfault_handler(map_it);
	asm volatile("std; rep movsb; cld"
		     :: "S"(text + sizeof(text) - 1), "D"(to + sizeof(text) - 1), "c"(sizeof(text)) : "memory", "cc");
	if (strcmp(to, text) != 0)
		sys_env_destroy(0);
}

/* ---- The table ---- */

static const struct {
	const char *what;
	void (*act)(void);
	bool lives;
} acts[] = {
	{ "the trap flag", trap_flag, false },
	{ "the trap flag before a call", trap_flag_then_call, false },
	{ "the nested-task flag", nested_task, true },
	{ "a return to no outer task", nested_task_return, false },
	{ "the alignment flag", alignment, true },
	{ "the direction flag", direction, true },
	{ "I/O rights", io_rights, false },
	{ "cli", interrupts_off, false },
	{ "masking interrupts by popfl", interrupts_masked, true },
	{ "the virtual-8086 flag", virtual_8086, true },
	{ "a division by 0", divide, false },
	{ "ud2", undefined, false },
	{ "hlt", halt, false },
	{ "int1", icebp, false },
	{ "bound", bound, false },
	{ "into", overflow, false },
	{ "loading CR3", load_cr3, false },
	{ "reading CR0", read_cr0, false },
	{ "a debug register", debug_register, false },
	{ "lidt", load_idt, false },
	{ "ltr", load_task, false },
	{ "rdmsr", read_msr, false },
	{ "sysenter", sysenter, false },
	{ "reading a port", in_port, false },
	{ "a far call to a task", far_call_task, false },
	{ "a far jump to the kernel's segment", far_jump_kernel, false },
	{ "the kernel's data segment", kernel_data, false },
	{ "a null stack segment", null_stack, false },
	{ "code as stack segment", code_as_stack, false },
	{ "calls with odd segments", odd_segments, true },
	{ "a jump to null", jump_null, false },
	{ "a jump to the kernel", jump_kernel, false },
	{ "a jump to the last byte", jump_last, false },
	{ "a jump to page tables", jump_page_tables, false },
	{ "writing envs[]", write_envs, false },
	{ "writing pages[]", write_pages, false },
	{ "writing page tables", write_page_table, false },
	{ "reading a device", read_device, false },
	{ "reading a kernel stack", read_stack, false },
	{ "a stack at null", stack_null, false },
	{ "a stack in the kernel", stack_kernel, false },
	{ "a stack in envs[]", stack_above, false },
	{ "calls without a stack", call_without_stack, true },
	{ "endless faults", endless_faults, false },
	{ "an upcall in the kernel", upcall_kernel, false },
	{ "an upcall at the last byte", upcall_last, false },
	{ "an upcall in a hole", upcall_hole, false },
	{ "an exception stack taken away", stack_taken_away, false },
	{ "an exception stack that is read-only", stack_read_only, false },
	{ "a fault at the exception stack's bottom", fault_at_stack_bottom, false },
	{ "a fault at the exception stack's top", fault_at_stack_top, false },
	{ "a fault in a copy that goes down", fault_downwards, true },
};

static size_t act;

static void do_act(void)
{
	set_pgfault_handler(NULL);
	acts[act].act();
	ALIVE = 1;
}

static void try_acts(void)
{
	for (act = 0; act < ARRAY_SIZE(acts); act++) {
		ALIVE = 0;
		wait(child_for(do_act));
		expect(acts[act].what, ALIVE, acts[act].lives);
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
	try_acts();
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
