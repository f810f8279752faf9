/* SPDX-License-Identifier: MIT */
/*
 * A reserved CPU without work. It looks again at once, or halts until the NIC, the timer or another CPU wakes it. Nothing
 * is overlooked: first the NIC is allowed to interrupt, then one more cycle looks for work, and only then, with
 * interrupts off up to the very instruction, the CPU halts. The timer is set to the next deadline; there is no tick.
 *
 * It does not halt while the NIC has frames to send: their end, which a program may wait for, does not interrupt.
 */
#include <inc/x86.h>

#include <kern/clock.h>
#include <kern/dev/lapic.h>
#include <kern/dp/tcp.h>
#include <kern/trap.h>

enum {
	SPIN_US = 1000,         /* adaptive: for so long after the last work */
	SHORTEST_US = 30,       /* halting and waking takes about that long */
	LONGEST_US = 60000000,  /* the timer's reach */
	WITHOUT_NIC_US = 500,   /* when the NIC's interrupt goes to somebody else */
	NO_IRQ = -1,
};

/* One that was on its way when the thread left this CPU is nobody's. */
static void on_interrupt(void *arg)
{
	struct dp *dp = arg;

	if (dp->cpu != thiscpu)
		return;
	dp->nic_woke = true;
	dp->nd->ops->irq_enable(dp->q, false);
	dp->nd->ops->irq_ack(dp->nd);
}

/* Also when lab 6 has the pin by now: this one is our NIC's, or nobody's. */
void dp_interrupt(struct dp *dp, int irq)
{
	if (irq == dp->irq)
		on_interrupt(dp);
}

static bool is_ours(const struct dp *dp) { return irq_is_for(dp->irq, on_interrupt, dp); }

/* By a message of the queue's own, if the device has such. */
static bool route_message(struct dp *dp)
{
	const struct netdev_ops *ops = dp->nd->ops;
	int irq = ops->irq_route ? irq_alloc(on_interrupt, dp) : -1;

	if (irq < 0)
		return false;
	dp->irq = irq;
	if (ops->irq_route(dp->q, irq, dp->cpu->cpu_apicid) == 0)
		return true;
	irq_register(irq, NULL, NULL);
	return false;
}

/* Or by its pin; but one that several devices share stays with whom it belongs to. */
void nic_irq_attach(struct dp *dp)
{
	if (route_message(dp))
		return;
	dp->irq = irq_is_free(dp->nd->irq) ? dp->nd->irq : NO_IRQ;
	if (dp->irq == NO_IRQ)
		return;
	irq_register(dp->irq, on_interrupt, dp);
	ioapic_enable_pci(dp->irq, dp->cpu->cpu_apicid);
}

/*
 * Lab 6 has taken our pin, and perhaps another dataplane has it by now: nobody would answer our NIC's interrupts, which
 * might keep it for ever.
 */
void nic_irq_follow(struct dp *dp)
{
	if (dp->irq == NO_IRQ || is_ours(dp))
		return;
	dp->irq = NO_IRQ;
	dp->looks_again = false;
	dp->nd->ops->irq_enable(dp->q, false);
}

void nic_irq_detach(struct dp *dp)
{
	if (!dp->q || !is_ours(dp))
		return;
	dp->nd->ops->irq_enable(dp->q, false);
	if (dp->irq == dp->nd->irq)
		ioapic_disable(dp->irq);
	irq_register(dp->irq, NULL, NULL);
}

#ifndef EXERCISE_14
static uint64_t deadline(const struct dp *dp, uint64_t until)
{
	uint64_t due = MIN(until, stack_due_us(dp));

	return MIN(due, dp->now_us + (is_ours(dp) ? LONGEST_US : WITHOUT_NIC_US));
}

static bool may_halt(const struct dp *dp, uint64_t due)
{
	if (dp->plane->policy.idle == IX_IDLE_POLL || dp->busy || dp->asked || dp->q->tx_head != dp->q->tx_tail)
		return false;
	if (dp->plane->policy.idle == IX_IDLE_ADAPTIVE && dp->now_us - dp->busy_us < SPIN_US)
		return false;
	return due >= dp->now_us + SHORTEST_US;
}
#endif

static void let_nic_interrupt(struct dp *dp, bool on)
{
	dp->looks_again = on;
	if (is_ours(dp))
		dp->nd->ops->irq_enable(dp->q, on);
}

#ifndef EXERCISE_14
static void halt_until(struct dp *dp, uint64_t due)
{
	uint64_t now = clock_us();

	dp->nic_woke = false;
	if (now + 1 >= due)
		return;
	stat_publish(dp);
	dp->stat.halts++;
	lapic_timer_oneshot(due - now);
	cpu_nap();
	dp->stat.wakeups_nic += dp->nic_woke;
	dp->stat.wakeups_timer += clock_us() >= due;
}
#endif

/*
 * Without work (a cycle that was not busy): halt, or look again at once. `until`: the caller goes on then in any case.
 *
 * - Policy (plane->policy.idle): IX_IDLE_POLL never halts; IX_IDLE_HALT always, IX_IDLE_ADAPTIVE when nothing was done
 *   for SPIN_US. dp->busy_us is when something was done last; keep it up to date here.
 * - Never while frames are in the transmit ring, nor while another CPU's wish is still open (dp->asked); and not for less
 *   than SHORTEST_US. The earliest of `until`, the stack's next deadline (stack_due_us()), and LONGEST_US from now is when to
 *   wake; if the NIC's interrupt is not ours, WITHOUT_NIC_US from now.
 * - A frame that comes between the last look and the halt must not wait. So the first time let_nic_interrupt(), and
 *   return: one more cycle looks. If that finds nothing either, and dp->looks_again says that it was so, halt: cpu_nap()
 *   enables interrupts and halts in one step. Before it, publish the counters (stat_publish(): nobody will for a while), clear
 *   dp->nic_woke, and set the timer (lapic_timer_oneshot(), in microseconds from now). If that time is over by now
 *   (clock_us(); dp->now_us is the cycle's), there is nothing to halt for.
 * - After it count: stat.halts; wakeups_nic if dp->nic_woke (then the handler has also switched the NIC's interrupt off, and
 *   looks_again must say so), wakeups_timer if the time is over.
 * - When it does not halt, dp_resume() switches the NIC's interrupt off, and cpu_relax().
 */
void dp_idle(struct dp *dp, uint64_t until)
{
#ifndef EXERCISE_14
	uint64_t due = deadline(dp, until);

	if (dp->busy)
		dp->busy_us = dp->now_us;
	if (!may_halt(dp, due)) {
		dp_resume(dp);
		cpu_relax();
	} else if (!dp->looks_again) {
		let_nic_interrupt(dp, true);
	} else {
		halt_until(dp, due);
		dp->looks_again = !dp->nic_woke; /* the interrupt's handler has switched it off */
	}
#else
	/* LAB IX: Your code here. (Exercise 14) */
	(void)dp, (void)until;
	cpu_relax();
#endif
}

void dp_resume(struct dp *dp)
{
	if (dp->looks_again)
		let_nic_interrupt(dp, false);
}
