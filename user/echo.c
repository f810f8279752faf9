/* SPDX-License-Identifier: MIT */
/* echo [-n] [word ...]: print the words on one line; with -n, do not end it. */
#include <inc/lib.h>
#include <user/session.h>

void umain(int argc, char **argv)
{
	int first = 1;
	bool newline = true;

	use_console();
	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = false;
		first = 2;
	}
	for (int i = first; i < argc; i++) {
		if (i > first)
			write(1, " ", 1);
		write(1, argv[i], strlen(argv[i]));
	}
	if (newline)
		write(1, "\n", 1);
}
