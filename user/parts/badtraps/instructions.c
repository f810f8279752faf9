/* SPDX-License-Identifier: MIT */
/* Flags that no program should set, and instructions that are not for it. */
#include "badtraps.h"

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

const struct act instruction_acts[] = {
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
	{ NULL, NULL, false },
};
