/* SPDX-License-Identifier: MIT */
/*
 * Ping-pong with a number in shared memory: messages only say whose turn it is. The page is marked
 * PTE_SHARE, so that fork does not copy it.
 */
#include <inc/lib.h>

#define LAST 10

static volatile int *const shared = (volatile int *)0x0a000000;

/* Wait for the turn, add 1, and hand it on; false when the last number was reached. */
static bool take_turn(void)
{
	envid_t other;

	ipc_recv(&other, NULL, NULL);
	cprintf("%x got %d from %x (thisenv is %p %x)\n", sys_getenvid(), *shared, other, thisenv,
		thisenv->env_id);
	if (*shared == LAST)
		return false;
	bool last = ++*shared == LAST;
	ipc_send(other, 0, NULL, 0);
	return !last;
}

void umain(int argc, char **argv)
{
	envid_t other;
	int r;

	USED(argc);
	USED(argv);
	if ((r = sys_page_alloc(0, (void *)shared, PTE_P | PTE_U | PTE_W | PTE_SHARE)) < 0)
		panic("no shared page: %e", r);
	if ((other = fork()) < 0)
		panic("fork: %e", other);
	cprintf("i am %08x; thisenv is %p\n", sys_getenvid(), thisenv);
	if (other != 0) {
		cprintf("send 0 from %x to %x\n", sys_getenvid(), other);
		ipc_send(other, 0, NULL, 0);
	}
	while (take_turn())
		;
}
