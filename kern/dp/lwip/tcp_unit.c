/* SPDX-License-Identifier: MIT */
/*
 * lwIP's core/tcp.c, unmodified, in one unit with the few lines that must reach its statics. Being built
 * among lwIP's files, the data of this one lies in the window of the CPU's own (kern/dp/window.c).
 */
#include "core/tcp.c"

#include <kern/dp/lwip/lwipclock.h>
#include <kern/dp/slab.h>

struct slab *lwip_slab;

void lwip_clock_set(const struct lwip_clock *clock)
{
	tcp_ticks = clock->ticks;
	tcp_timer_ctr = clock->pass;
}

void *dp_lwip_malloc(size_t size) { return slab_alloc(lwip_slab, size); }

void *dp_lwip_calloc(size_t n, size_t size)
{
	void *p = slab_alloc(lwip_slab, n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void dp_lwip_free(void *p) { slab_free(p); }
