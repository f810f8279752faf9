/* SPDX-License-Identifier: MIT */
/*
 * For programs that the kernel may start itself: those begin with no descriptor open, unlike those that a
 * shell starts.
 */
#ifndef JOS_USER_SESSION_H
#define JOS_USER_SESSION_H

#include <inc/lib.h>

/* If descriptor 1 is not open, make 0 and 1 the console. Dies if that fails. */
static inline void use_console(void)
{
	struct Stat st;

	if (fstat(1, &st) == 0)
		return;
	close(0);
	int fd = opencons();
	if (fd != 0)
		panic("the console cannot be descriptor 0: %e", fd);
	int r = dup(0, 1);
	if (r < 0)
		panic("the console cannot be descriptor 1: %e", r);
}

/* Run a shell on descriptors 0 and 1, and another one whenever it ends. `who` signs the messages. */
static inline void run_shells(const char *who)
{
	for (;;) {
		cprintf("%s: starting sh\n", who);
		envid_t shell = spawnl("/sh", "sh", NULL);
		if (shell < 0) {
			cprintf("%s: spawn sh: %e\n", who, shell);
			return;
		}
		wait(shell);
	}
}

#endif
