/* SPDX-License-Identifier: MIT */
/* A page with a message goes from parent to child, and one comes back. */
#include <inc/lib.h>

static char *const outgoing = (char *)0x00a00000;
static char *const incoming = (char *)0x00b00000;

static const char to_child[] = "hello child environment! how are you?";
static const char to_parent[] = "hello parent environment! I'm good.";

static void send(envid_t to, const char *message)
{
	int perm = PTE_P | PTE_U | PTE_W;
	int r = sys_page_alloc(0, outgoing, perm);

	if (r < 0)
		panic("sys_page_alloc: %e", r);
	strcpy(outgoing, message);
	ipc_send(to, 0, outgoing, perm);
}

/* Who sent it. */
static envid_t receive(const char *self, const char *expected)
{
	envid_t from;

	ipc_recv(&from, incoming, NULL);
	cprintf("%x got message: %s\n", from, incoming);
	if (strcmp(incoming, expected) == 0)
		cprintf("%s received correct message\n", self);
	return from;
}

void umain(int argc, char **argv)
{
	envid_t child;

	USED(argc);
	USED(argv);
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		envid_t parent = receive("child", to_child);
		send(parent, to_parent);
	} else {
		send(child, to_child);
		receive("parent", to_parent);
	}
}
