/* SPDX-License-Identifier: MIT */
/* A lock on the fast path, which `make grade` must find (tests/grade/sharing.py). Linked into a kernel of its own, around tx_reap. */
#include <kern/dp/dataplane.h>
#include <kern/spinlock.h>

void __real_tx_reap(struct dp *dp);
void __wrap_tx_reap(struct dp *dp);

static struct spinlock planted_lock = { .name = "planted" };

void __wrap_tx_reap(struct dp *dp)
{
	spin_lock(&planted_lock);
	__real_tx_reap(dp);
	spin_unlock(&planted_lock);
}
