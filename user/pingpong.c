/* SPDX-License-Identifier: MIT */
/* Two environments send a number back and forth, and add 1 each time. */
#include <inc/lib.h>

#define LAST 10

void umain(int argc, char **argv)
{
	envid_t other;
	int number;

	USED(argc);
	USED(argv);
	if ((other = fork()) < 0)
		panic("fork: %e", other);
	if (other != 0) {
		cprintf("send 0 from %x to %x\n", sys_getenvid(), other);
		ipc_send(other, 0, NULL, 0);
	}
	do {
		number = ipc_recv(&other, NULL, NULL);
		cprintf("%x got %d from %x\n", sys_getenvid(), number, other);
		if (number < LAST)
			ipc_send(other, ++number, NULL, 0);
	} while (number < LAST);
}
