/* SPDX-License-Identifier: MIT */
/* How fair is IPC? Two children send to us as fast as they can, for ever; the lines tell who gets through. */
#include <inc/lib.h>

#define SENDERS 2

static void start_sender(envid_t receiver)
{
	envid_t child = fork();

	if (child < 0)
		panic("fork: %e", child);
	if (child > 0)
		return;
	cprintf("%x loop sending to %x\n", sys_getenvid(), receiver);
	for (;;)
		ipc_send(receiver, 0, NULL, 0);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	envid_t self = sys_getenvid(), from;

	for (int i = 0; i < SENDERS; i++)
		start_sender(self);
	for (;;) {
		ipc_recv(&from, NULL, NULL);
		cprintf("%x recv from %x\n", self, from);
	}
}
