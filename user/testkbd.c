/* SPDX-License-Identifier: MIT */
/* Repeat each line that is typed, until the end of input. */
#include <inc/lib.h>
#include <user/session.h>

#define QUIET_YIELDS 10 /* let others finish what they print */

void umain(int argc, char **argv)
{
	char *line;

	USED(argc);
	USED(argv);
	for (int i = 0; i < QUIET_YIELDS; i++)
		sys_yield();
	use_console();
	while ((line = readline("Type a line: ")) != NULL)
		printf("%s\n", line);
	printf("(end of file received)\n");
}
