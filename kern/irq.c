/* SPDX-License-Identifier: MIT */
/* Interrupts: who handles each, and the nap of a CPU that waits for one. The contract is trap.h. */
#include <inc/assert.h>
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/sched.h>
#include <kern/trap.h>

static struct {
	irq_handler handler;
	void *arg;
} irqs[NIRQS];

static bool exists(int irq) { return irq >= 0 && irq < NIRQS; }

void irq_register(int irq, irq_handler handler, void *arg)
{
	if (!exists(irq))
		panic("no such interrupt: %d", irq);
	irqs[irq].arg = arg;
	irqs[irq].handler = handler;
}

int irq_alloc(irq_handler handler, void *arg)
{
	for (int irq = IRQ_MESSAGES; irq < NIRQS; irq++) {
		if (irqs[irq].handler)
			continue;
		irq_register(irq, handler, arg);
		return irq;
	}
	return -E_AGAIN;
}

bool irq_is_free(int irq) { return exists(irq) && !irqs[irq].handler; }

bool irq_is_for(int irq, irq_handler handler, const void *arg)
{
	return exists(irq) && irqs[irq].handler == handler && irqs[irq].arg == arg;
}

void irq_dispatch(int irq)
{
	if (irq == IRQ_TIMER) {
		thiscpu->cpu_timer_armed = false;
		lapic_eoi();
		sched_yield();
	}
	if (irq == IRQ_SPURIOUS) /* needs no EOI (SDM vol. 3, 11.9) */
		return;
	if (irq < NIRQS && irqs[irq].handler)
		irqs[irq].handler(irqs[irq].arg);
	else if (irq < IRQ_MESSAGES) /* a message may have been on its way when its handler left */
		cprintf("CPU %d: unexpected interrupt %d\n", cpunum(), irq);
	lapic_eoi();
}

/* A CPU that is reserved naps without the big lock: there irqs[] may change under our eyes. The others have the lock. */
static void wake(int irq)
{
	if (thiscpu->cpu_dp)
		dp_interrupt(thiscpu->cpu_dp, irq);
	else if (irq < NIRQS && irqs[irq].handler)
		irqs[irq].handler(irqs[irq].arg);
}

/* It interrupted cpu_nap(). */
void cpu_nap_end(struct Trapframe *tf)
{
	int irq = tf->tf_trapno - IRQ_OFFSET;

	thiscpu->cpu_naps = false;
	if (tf->tf_trapno != T_KICK && irq != IRQ_TIMER)
		wake(irq);
	if (irq != IRQ_SPURIOUS)
		lapic_eoi();
	tf->tf_eflags &= ~FL_IF;
}

void cpu_nap(void)
{
	struct CpuInfo *c = thiscpu;

	c->cpu_status = CPU_HALTED;
	c->cpu_naps = true;
	mail_leave_kernel();
	asm volatile("sti; hlt" ::: "memory"); /* cpu_nap_end() has interrupts off when this goes on */
	c->cpu_status = CPU_STARTED;
	c->cpu_timer_armed = false; /* whatever it was set to */
}
