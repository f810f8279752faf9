/* SPDX-License-Identifier: MIT */
/* rm file ...: remove files and empty directories. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	if (argc <= 1)
		cprintf("usage: rm file...\n");
	for (int i = 1; i < argc; i++) {
		int r = remove(argv[i]);
		if (r < 0)
			cprintf("rm: %s: %e\n", argv[i], r);
	}
}
