/* SPDX-License-Identifier: MIT */
/* mkdir directory ...: make directories. */
#include <inc/lib.h>

void umain(int argc, char **argv)
{
	if (argc <= 1)
		cprintf("usage: mkdir directory...\n");
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CREAT | O_EXCL | O_MKDIR);
		if (fd < 0)
			cprintf("mkdir: %s: %e\n", argv[i], fd);
		else
			close(fd);
	}
}
