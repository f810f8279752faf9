/* SPDX-License-Identifier: MIT */
/* A counter that CPUs share on the fast path, which must be found: see lock.c. */
#include <kern/dp/dataplane.h>

void __real_tx_reap(struct dp *dp);
void __wrap_tx_reap(struct dp *dp);

static uint32_t planted_counter;

void __wrap_tx_reap(struct dp *dp)
{
	planted_counter++;
	__real_tx_reap(dp);
}
