/* SPDX-License-Identifier: MIT */
/* Keep a shell running on the console, and nothing else. */
#include <inc/lib.h>
#include <user/session.h>

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	cprintf("initsh: running sh\n");
	use_console();
	run_shells("initsh");
}
