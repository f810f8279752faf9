/* SPDX-License-Identifier: MIT */
/* A test-and-set lock that knows its holder, and answers the mailbox while it waits for it. */
#include <inc/assert.h>
#include <inc/x86.h>

#include <kern/cpu.h>
#include <kern/spinlock.h>

struct spinlock kernel_lock = { .name = "kernel_lock" };

bool spin_holding(struct spinlock *lk) { return lk->locked && lk->holder == thiscpu; }

void spin_lock(struct spinlock *lk)
{
	if (spin_holding(lk))
		panic("CPU %d takes %s twice", cpunum(), lk->name);
	while (xchg(&lk->locked, 1)) {
		while (lk->locked) {
			mail_poll();
			cpu_relax();
		}
	}
	lk->holder = thiscpu;
}

void spin_unlock(struct spinlock *lk)
{
	if (!spin_holding(lk))
		panic("CPU %d gives up %s, which it does not hold", cpunum(), lk->name);
	lk->holder = NULL;
	/* The stores above and in the critical section become visible before the lock is seen free: x86 keeps stores in order. */
	compiler_barrier();
	lk->locked = 0;
}
