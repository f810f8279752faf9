/* SPDX-License-Identifier: MIT */
/*
 * Traps. trap() and trap_sysenter() are the only ways into the kernel after boot. Every path ends in env_run(),
 * env_pop_tf(), the idle loop, or, from sysenter, in sysexit. They take the big lock, except for sys_run_io, which stays
 * on its reserved CPU. trap() returns when it was the kernel that was interrupted, and that may be.
 */
#include <inc/syscall.h>
#include <inc/x86.h>

#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/env.h>
#include <kern/gdt.h>
#include <kern/monitor.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/syscall.h>
#include <kern/trap.h>

enum {
	MSR_SYSENTER_CS = 0x174, /* SDM vol. 4, table 2-2; the stack's segment, and the program's two, follow in the GDT */
	MSR_SYSENTER_ESP = 0x175,
	MSR_SYSENTER_EIP = 0x176,
	CPUID_SEP = 1 << 11,     /* leaf 1, edx: the processor has sysenter */
	KEPT_FLAGS = FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF | FL_IOPL_MASK, /* of a program that came by sysenter */
};

extern const uint32_t vectors[NVECTORS];
extern const char sysenter_entry[];
struct Gatedesc idt[256];

static void set_gate(int trapno, int dpl)
{
	idt[trapno] = (struct Gatedesc){
		.gd_off_15_0 = vectors[trapno] & 0xffff,
		.gd_off_31_16 = vectors[trapno] >> 16,
		.gd_sel = GD_KT,
		.gd_type = STS_IG32, /* interrupts are off in the kernel, always */
		.gd_dpl = dpl,
		.gd_p = 1,
	};
}

void trap_init(void)
{
	for (int n = 0; n < NVECTORS; n++)
		set_gate(n, n == T_SYSCALL || n == T_BRKPT ? 3 : 0);
	trap_init_percpu();
}

void trap_init_percpu(void)
{
	struct Pseudodesc pd = { sizeof(idt) - 1, (uint32_t)idt };
	uint32_t features;

	lidt(&pd);
	cpuid(1, NULL, NULL, NULL, &features);
	if (features & CPUID_SEP) {
		wrmsr(MSR_SYSENTER_CS, GD_KT);
		wrmsr(MSR_SYSENTER_ESP, thiscpu->cpu_ts.ts_esp0);
		wrmsr(MSR_SYSENTER_EIP, (uint32_t)sysenter_entry);
	}
}

/* A page fault of a program: its own handler gets a UTrapframe on the exception stack, or the program ends. */
void page_fault_handler(struct Trapframe *tf)
{
	uintptr_t va = rcr2();
	struct Env *e = curenv;

	if (!e->env_pgfault_upcall) {
		user_fault(tf, va);
		return;
	}

	/* A fault in the handler itself nests: leave one word, where pfentry.S will put a return address. */
	bool nested = tf->tf_esp >= UXSTACKTOP - PGSIZE && tf->tf_esp < UXSTACKTOP;
	struct UTrapframe *utf = (struct UTrapframe *)(nested ? tf->tf_esp - 4 : UXSTACKTOP) - 1;
	user_mem_assert(e, utf, UXSTACKTOP - (uintptr_t)utf, PTE_W);
	user_mem_assert(e, e->env_pgfault_upcall, 1, 0);

	utf->utf_fault_va = va;
	utf->utf_err = tf->tf_err;
	utf->utf_regs = tf->tf_regs;
	utf->utf_eip = tf->tf_eip;
	utf->utf_eflags = tf->tf_eflags & ~FL_TF; /* the monitor's single step is not the program's to go back to */
	utf->utf_esp = tf->tf_esp;
	tf->tf_esp = (uintptr_t)utf;
	tf->tf_eip = (uintptr_t)e->env_pgfault_upcall;
}

void user_fault(struct Trapframe *tf, uintptr_t va)
{
	struct Env *e = curenv;

	if (tf->tf_trapno == T_PGFLT)
		cprintf("[%08x] user fault va %08x ip %08x\n", e->env_id, va, tf->tf_eip);
	cprintf("Incoming TRAP frame at 0x%08x\n", thiscpu->cpu_ts.ts_esp0 - sizeof(*tf));
	print_trapframe(tf);
	env_end_program(e);
}

static void do_syscall(struct Trapframe *tf)
{
	const struct PushRegs *r = &tf->tf_regs;
	const uint32_t args[5] = { r->reg_edx, r->reg_ecx, r->reg_ebx, r->reg_edi, r->reg_esi };

	tf->tf_regs.reg_eax = syscall(tf, r->reg_eax, args);
}

static void dispatch(struct Trapframe *tf)
{
	switch (tf->tf_trapno) {
	case T_SYSCALL:
		do_syscall(tf);
		return;
	case T_PGFLT:
		page_fault_handler(tf);
		return;
	case T_BRKPT:
		monitor(tf);
		return;
	case T_DEBUG: /* a program may set the trap flag itself: that is its own end, not the machine's */
		if (monitor_steps(tf))
			monitor(tf);
		else
			user_fault(tf, 0);
		return;
	case T_KICK:
		mail_poll();
		if (thiscpu->cpu_dp)
			dp_mail(thiscpu->cpu_dp);
		else
			mail_take(MAIL_DP); /* it came late */
		lapic_eoi();
		return;
	}
	if (tf->tf_trapno >= IRQ_OFFSET && tf->tf_trapno < IRQ_OFFSET + NIRQS)
		irq_dispatch(tf->tf_trapno - IRQ_OFFSET);
	else
		user_fault(tf, 0);
}

static bool is_run_io(const struct Trapframe *tf)
{
	return tf->tf_trapno == T_SYSCALL && tf->tf_regs.reg_eax == SYS_run_io && curenv->env_dp;
}

/* The dataplane's system call: no lock, no copy of the frame. False: another CPU wants something of the core here. */
static bool run_io(struct Trapframe *tf)
{
	const struct PushRegs *r = &tf->tf_regs;

	tf->tf_regs.reg_eax = dp_run_io(curenv, r->reg_edx, r->reg_ecx);
	return !(thiscpu->cpu_mail & MAIL_SCHED);
}

static bool is_watchdog_tick(const struct Trapframe *tf)
{
	return tf->tf_trapno == IRQ_OFFSET + IRQ_TIMER && curenv->env_dp;
}

static void enter_core(const struct Trapframe *tf);

/* On a reserved CPU there are no slices to end, but programs that stay away from their dataplane. No lock, either. */
static void __attribute__((noreturn)) watchdog_tick(struct Trapframe *tf)
{
	thiscpu->cpu_timer_armed = false;
	lapic_eoi();
	if (dp_tick(curenv))
		env_pop_tf(tf);
	enter_core(tf);
	cprintf("[%08x] ended by the watchdog: it does not respond\n", curenv->env_id);
	env_end_program(curenv);
	sched_yield();
}

/* The big lock is taken, and the current env's registers are kept where all can find them. */
static void enter_core(const struct Trapframe *tf)
{
	struct Env *e = curenv;

	lock_kernel();
	mail_take(MAIL_SCHED);
	e->env_tf = *tf;
}

/* It runs, and on this CPU: one that was reserved meanwhile is for its dataplane's env only. */
static bool may_go_on(const struct Env *e)
{
	return e && e->env_status == ENV_RUNNING && e->env_dp == thiscpu->cpu_dp;
}

static void __attribute__((noreturn)) leave_core(struct Trapframe *tf)
{
	struct Env *e = curenv;

	if (cons_wants_monitor())
		monitor(e ? &e->env_tf : tf);
	if (e && e->env_status == ENV_RUNNING)
		dp_park(e);
	if (may_go_on(e))
		env_run(e);
	sched_yield();
}

static bool is_interrupt(uint32_t trapno) { return trapno >= IRQ_OFFSET && trapno != T_SYSCALL; }

/* Of an env that is dying only interrupts are still served: they are not its own, and each wants its EOI. */
static void enter_from_user(struct Trapframe *tf)
{
	bool is_io = is_run_io(tf);

	if (is_io && run_io(tf))
		env_pop_tf(tf);
	if (is_watchdog_tick(tf))
		watchdog_tick(tf);
	enter_core(tf);
	if (!is_io && (curenv->env_status != ENV_DYING || is_interrupt(tf->tf_trapno)))
		dispatch(&curenv->env_tf);
}

/* A program that steps through itself has entered by sysenter: the step ends before the kernel's first instruction. */
static bool is_step_into_kernel(const struct Trapframe *tf)
{
	return tf->tf_trapno == T_DEBUG && tf->tf_eip == (uintptr_t)sysenter_entry;
}

static void enter_from_kernel(struct Trapframe *tf)
{
	struct CpuInfo *c = thiscpu;

	if (c->cpu_status != CPU_HALTED || tf->tf_trapno < IRQ_OFFSET) {
		print_trapframe(tf);
		panic("trap %u in the kernel at %08x, address %08x", tf->tf_trapno, tf->tf_eip, rcr2());
	}
	c->cpu_status = CPU_STARTED;
	lock_kernel();
	dispatch(tf);
}

void trap(struct Trapframe *tf)
{
	thiscpu->cpu_in_kernel = 1;
	if ((tf->tf_cs & 3) == 3) {
		enter_from_user(tf);
	} else if (is_step_into_kernel(tf)) {
		tf->tf_eflags &= ~FL_TF;
		return;
	} else if (thiscpu->cpu_naps && tf->tf_trapno >= IRQ_OFFSET) {
		cpu_nap_end(tf);
		return;
	} else {
		enter_from_kernel(tf);
	}
	leave_core(tf);
}

/* The fast way in. It returns for the fast way back, which restores no flags: not for a program with I/O rights. */
void trap_sysenter(struct Trapframe *tf)
{
	tf->tf_eflags = (tf->tf_eflags & KEPT_FLAGS) | FL_IF;
	if (!is_run_io(tf) || (tf->tf_eflags & FL_IOPL_MASK))
		trap(tf);
	thiscpu->cpu_in_kernel = 1;
	if (run_io(tf)) {
		mail_leave_kernel();
		return;
	}
	enter_core(tf);
	leave_core(tf);
}
