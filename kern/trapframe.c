/* SPDX-License-Identifier: MIT */
/* Printing of trap frames, in the format that JOS's graders read. */
#include <inc/stdio.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/trap.h>

static const char *const exceptions[] = {
	[T_DIVIDE] = "Divide error",
	[T_DEBUG] = "Debug",
	[T_NMI] = "Non-Maskable Interrupt",
	[T_BRKPT] = "Breakpoint",
	[T_OFLOW] = "Overflow",
	[T_BOUND] = "BOUND Range Exceeded",
	[T_ILLOP] = "Invalid Opcode",
	[T_DEVICE] = "Device Not Available",
	[T_DBLFLT] = "Double Fault",
	[9] = "Coprocessor Segment Overrun",
	[T_TSS] = "Invalid TSS",
	[T_SEGNP] = "Segment Not Present",
	[T_STACK] = "Stack Fault",
	[T_GPFLT] = "General Protection",
	[T_PGFLT] = "Page Fault",
	[15] = "(unknown trap)",
	[T_FPERR] = "x87 FPU Floating-Point Error",
	[T_ALIGN] = "Alignment Check",
	[T_MCHK] = "Machine-Check",
	[T_SIMDERR] = "SIMD Floating-Point Exception",
};

static const char *trap_name(uint32_t n)
{
	if (n < ARRAY_SIZE(exceptions))
		return exceptions[n];
	if (n == T_SYSCALL)
		return "System call";
	if (n >= IRQ_OFFSET && n < IRQ_OFFSET + 16)
		return "Hardware Interrupt";
	return "(unknown trap)";
}

struct row {
	const char *name;
	uint8_t offset;
	bool half; /* 16 bits */
};

#define REG(r) { #r, offsetof(struct PushRegs, reg_##r), false }
static const struct row register_rows[] = { REG(edi), REG(esi), REG(ebp), REG(oesp), REG(ebx), REG(edx), REG(ecx), REG(eax) };
#undef REG

static void print_row(const struct row *row, const void *base)
{
	const uint8_t *at = (const uint8_t *)base + row->offset;

	if (row->half)
		cprintf("  %-4s 0x----%04x\n", row->name, *(const uint16_t *)at);
	else
		cprintf("  %-4s 0x%08x\n", row->name, *(const uint32_t *)at);
}

static void print_rows(const struct row *rows, int n, const void *base)
{
	for (int i = 0; i < n; i++)
		print_row(&rows[i], base);
}

void print_regs(struct PushRegs *regs) { print_rows(register_rows, ARRAY_SIZE(register_rows), regs); }

static void print_error(const struct Trapframe *tf)
{
	cprintf("  err  0x%08x", tf->tf_err);
	if (tf->tf_trapno == T_PGFLT)
		cprintf(" [%s, %s, %s]", tf->tf_err & FEC_U ? "user" : "kernel", tf->tf_err & FEC_WR ? "write" : "read",
			tf->tf_err & FEC_PR ? "protection" : "not-present");
	cprintf("\n");
}

void print_trapframe(struct Trapframe *tf)
{
#define TF(name, field, half) { name, offsetof(struct Trapframe, tf_##field), half }
	static const struct row segments[] = { TF("es", es, true), TF("ds", ds, true) };
	static const struct row pushed[] = { TF("eip", eip, false), TF("cs", cs, true), TF("flag", eflags, false) };
	static const struct row user_stack[] = { TF("esp", esp, false), TF("ss", ss, true) };
#undef TF

	cprintf("TRAP frame at %p from CPU %d\n", tf, cpunum());
	print_regs(&tf->tf_regs);
	print_rows(segments, ARRAY_SIZE(segments), tf);
	cprintf("  trap 0x%08x %s\n", tf->tf_trapno, trap_name(tf->tf_trapno));
	if (tf->tf_trapno == T_PGFLT)
		cprintf("  cr2  0x%08x\n", rcr2());
	print_error(tf);
	print_rows(pushed, ARRAY_SIZE(pushed), tf);
	if (tf->tf_cs & 3)
		print_rows(user_stack, ARRAY_SIZE(user_stack), tf);
}
