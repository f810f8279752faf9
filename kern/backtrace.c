/* SPDX-License-Identifier: MIT */
/*
 * Who called whom, by the chain of frame pointers. Nothing in the chain is trusted: a frame must lie in a
 * kernel stack or in user memory, be mapped, and lie above the frame before it, or the walk ends there.
 *
 *	frame:  | caller's ebp | return address | argument 1 | argument 2 ...
 *	          ^ ebp
 */
#include <inc/stdio.h>
#include <inc/string.h>
#include <inc/trap.h>
#include <inc/x86.h>

#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/monitor.h>
#include <kern/pmap.h>

enum { FRAMES_MAX = 64, ARGS = 5 };

/* Is the page of `va` mapped on this CPU? By arithmetic only: this may run before mem_init(). */
static bool is_mapped(uintptr_t va)
{
	pde_t pde = ((pde_t *)(KERNBASE + PTE_ADDR(rcr3())))[PDX(va)];

	if (!(pde & PTE_P) || (pde & PTE_PS))
		return pde & PTE_P;
	return ((pte_t *)(KERNBASE + PTE_ADDR(pde)))[PTX(va)] & PTE_P;
}

static bool is_in_kernel_stack(uintptr_t va)
{
	if (va >= (uintptr_t)bootstack && va < (uintptr_t)bootstacktop)
		return true;
	return va >= KSTACKLOW && va < KSTACKTOP && (KSTACKTOP - 1 - va) % (KSTKSIZE + KSTKGAP) < KSTKSIZE;
}

static bool is_readable(uintptr_t va)
{
	return va % sizeof(uint32_t) == 0 && (va < UTOP || is_in_kernel_stack(va)) && is_mapped(va);
}

static uint32_t word_at(uintptr_t va) { return is_readable(va) ? *(const uint32_t *)va : 0; }

static bool is_frame(uintptr_t ebp) { return is_readable(ebp) && is_readable(ebp + 4); }

/* `lookup` differs from `eip` for return addresses: a call may be the last instruction of its function. */
static void print_place(uintptr_t eip, uintptr_t lookup)
{
	struct Eipdebuginfo info;

	if (debuginfo_eip(lookup, &info) < 0)
		return;
	cprintf("         %s:%d: ", info.eip_file, info.eip_line);
	cprintf("%.*s+%u\n", info.eip_fn_namelen, info.eip_fn_name, eip - info.eip_fn_addr);
}

static void print_frame(uintptr_t ebp)
{
	uintptr_t eip = word_at(ebp + 4);

	cprintf("  ebp %08x  eip %08x  args", ebp, eip);
	for (int i = 0; i < ARGS; i++)
		cprintf(" %08x", word_at(ebp + 8 + 4 * i));
	cprintf("\n");
	print_place(eip, eip - 1);
}

/* If the frame is that of trap(), called by the trap entry code: what was interrupted, else NULL. */
static const struct Trapframe *interrupted(uintptr_t ebp)
{
	struct Eipdebuginfo info;
	uintptr_t tf = ebp + 12; /* the trap frame lies right above trap()'s only argument */

	if (debuginfo_eip(word_at(ebp + 4) - 1, &info) < 0 || strcmp(info.eip_fn_name, "alltraps") != 0)
		return NULL;
	return is_readable(tf + offsetof(struct Trapframe, tf_eip)) ? (const struct Trapframe *)tf : NULL;
}

static void print_interrupted(uintptr_t ebp, uintptr_t eip)
{
	cprintf("  ebp %08x  eip %08x  interrupted here\n", ebp, eip);
	print_place(eip, eip);
}

static void walk(uintptr_t ebp)
{
	for (int i = 0; i < FRAMES_MAX && is_frame(ebp); i++) {
		const struct Trapframe *tf = interrupted(ebp);
		uintptr_t next = word_at(ebp);

		print_frame(ebp);
		if (tf) {
			next = tf->tf_regs.reg_ebp;
			print_interrupted(next, tf->tf_eip);
		}
		bool leaves_kernel = ebp >= UTOP && next < UTOP;
		if (next <= ebp && !leaves_kernel)
			break;
		ebp = next;
	}
}

void backtrace_from(uint32_t ebp, uint32_t eip)
{
	cons_lock();
	cprintf("Stack backtrace:\n");
	if (eip)
		print_interrupted(ebp, eip);
	walk(ebp);
	cons_unlock();
}

/* Of the code that was interrupted, if some was; else of the monitor itself. */
int mon_backtrace(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv;
	if (tf)
		backtrace_from(tf->tf_regs.reg_ebp, tf->tf_eip);
	else
		backtrace_from(read_ebp(), 0);
	return 0;
}
