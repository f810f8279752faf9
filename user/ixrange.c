/* SPDX-License-Identifier: MIT */
/* The dataplane's windows cannot be handed on, replaced or removed by JOS's own page calls, nor written by the kernel. */
#include <inc/lib.h>
#include <inc/libix.h>

static int failures;

static void expect(const char *what, int got, int want)
{
	if (got == want)
		return;
	failures++;
	cprintf("ixrange: %s gives %d, not %d\n", what, got, want);
}

static void try_page(const char *what, void *va)
{
	const int read = PTE_P | PTE_U, write = read | PTE_W;

	cprintf("ixrange: %s\n", what);
	expect("page_alloc", sys_page_alloc(0, va, write), -E_INVAL);
	expect("page_map from it", sys_page_map(0, va, 0, (void *)UTEMP, read), -E_INVAL);
	expect("page_map from it, for writing", sys_page_map(0, va, 0, (void *)UTEMP, write), -E_INVAL);
	expect("page_map onto it", sys_page_map(0, ROUNDDOWN((void *)try_page, PGSIZE), 0, va, read), -E_INVAL);
	expect("page_unmap", sys_page_unmap(0, va), -E_INVAL);
	expect("ipc_recv", sys_ipc_recv(va), -E_INVAL);
}

void umain(int argc, char **argv)
{
	static const struct ix_handlers none;
	struct ix_config config = { 0 };

	USED(argc);
	USED(argv);
	int r = ix_attach(IX_ANY_CPU, &config, &none);
	if (r < 0)
		panic("attach: %e", r);
	try_page("the event array", (void *)IX_EVENTS(0));
	try_page("the call array", (void *)IX_CALLS(0));
	try_page("a receive buffer", (void *)IX_RXBUFS);
	try_page("the send heap", (void *)IX_HEAP);
	try_page("a hole", (void *)(IXLIM - PGSIZE));
	expect("dp_stat into a receive buffer", sys_dp_stat(config.cpu, (void *)IX_RXBUFS), -E_FAULT);
	expect("dp_stat into the event array", sys_dp_stat(config.cpu, (void *)IX_EVENTS(0)), -E_FAULT);
	cprintf("ixrange: %s\n", failures ? "FAILED" : "all refused");
}
