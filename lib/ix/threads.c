/* SPDX-License-Identifier: MIT */
/* Starting further threads of a program on the dataplane (inc/libix.h, inc/ixev.h). */
#include <inc/ixev.h>
#include <inc/lib.h>
#include <lib/ix/shared.h>

static void (*thread_body)(void);

static void begin(void *arg)
{
	USED(arg);
	ix_is_sibling = true;
	thread_body();
}

int ix_start_threads(unsigned n, void (*body)(void))
{
	int r = 0;

	ix_shared = true;
	thread_body = body;
	for (unsigned i = 1; i < n && r >= 0; i++)
		r = thread_create(begin, NULL, NULL);
	return r;
}

/* A CPU, if there is one; else one may be given to it later. */
static void serve(void)
{
	struct ix_config config = { 0 };
	int r = ixev_attach(IX_ANY_CPU, &config);

	if (r == -E_NO_CPU)
		r = ixev_attach(IX_PARKED, &config);
	while (r >= 0)
		r = ixev_wait();
	cprintf("%s: a thread ends: %e\n", binaryname, r);
}

int ixev_start_threads(unsigned n) { return ix_start_threads(n, serve); }
