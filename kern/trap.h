/* SPDX-License-Identifier: MIT */
/* Traps, interrupts and system calls arrive here. */
#ifndef JOS_KERN_TRAP_H
#define JOS_KERN_TRAP_H

#include <inc/mmu.h>
#include <inc/trap.h>

extern struct Gatedesc idt[256];

void trap_init(void);         /* once */
void trap_init_percpu(void);  /* on every CPU */
void print_trapframe(struct Trapframe *tf);
void print_regs(struct PushRegs *regs);
void page_fault_handler(struct Trapframe *tf);
void user_fault(struct Trapframe *tf, uintptr_t va); /* report what the current env did, and end it */

/* Have `handler` called, with the big lock held, for hardware interrupt `irq` (0-23, before trap_init's EOI). */
typedef void (*irq_handler)(void *arg);
void irq_register(int irq, irq_handler handler, void *arg);

#endif
