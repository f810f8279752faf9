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

/*
 * Have `handler` called for hardware interrupt `irq` (a pin, 0-23, or a number from irq_alloc()), before its EOI: with
 * the big lock held. What ends a reserved CPU's cpu_nap() goes to dp_interrupt() instead. NULL: nobody is called any more.
 */
typedef void (*irq_handler)(void *arg);
void irq_register(int irq, irq_handler handler, void *arg);
bool irq_is_free(int irq); /* there is such a one, and nobody has it */
bool irq_is_for(int irq, irq_handler handler, const void *arg); /* without the lock: what it was a moment ago */
int irq_alloc(irq_handler handler, void *arg); /* a free number for a device's message, registered; or -E_AGAIN */
void irq_dispatch(int irq);                    /* trap.c: it came; of the timer's it does not return */

/*
 * For a reserved CPU, without the lock: halt until the next interrupt, answer that, and return. A request in the
 * mailbox interrupts at once. The timer has to be set again afterwards.
 */
void cpu_nap(void);
void cpu_nap_end(struct Trapframe *tf); /* trap.c: an interrupt came */

#endif
