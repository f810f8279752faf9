/* SPDX-License-Identifier: MIT */
/* Mutual exclusion between CPUs. Interrupts are off in the kernel, so no lock needs to care for them. */
#ifndef JOS_KERN_SPINLOCK_H
#define JOS_KERN_SPINLOCK_H

#include <inc/types.h>

struct CpuInfo;

struct spinlock {
	volatile uint32_t locked;
	const char *name;
	struct CpuInfo *holder;
};

void spin_lock(struct spinlock *lk);   /* polls the mailbox while it waits */
void spin_unlock(struct spinlock *lk);
bool spin_holding(struct spinlock *lk);

/* The big kernel lock: held in the kernel everywhere but in the dataplane. */
extern struct spinlock kernel_lock;
static inline void lock_kernel(void) { spin_lock(&kernel_lock); }
static inline void unlock_kernel(void) { spin_unlock(&kernel_lock); }

#endif
