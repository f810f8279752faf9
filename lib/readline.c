/* SPDX-License-Identifier: MIT */
/*
 * Reading a line with the most modest of editors, for the kernel's monitor and for programs. Characters are
 * echoed only if descriptor 0 is the console: input from a file or a pipe is taken as it comes. `readline`
 * is the symbol at which graders stop a machine whose programs are done.
 */
#include <inc/error.h>
#include <inc/stdio.h>

#define LINE_MAX 1024

static char line[LINE_MAX];

static void echo(bool wanted, int c)
{
	if (wanted)
		cputchar(c);
}

static char *input_failed(int error)
{
	if (error != -E_EOF)
		cprintf("read error: %e\n", error);
	return NULL;
}

char *readline(const char *prompt)
{
	bool echoing = iscons(0);
	int len = 0, c;

	if (prompt)
		cprintf("%s", prompt);
	while ((c = getchar()) != '\n' && c != '\r') {
		if (c < 0)
			return input_failed(c);
		if ((c == '\b' || c == 0x7f) && len > 0) {
			echo(echoing, '\b');
			len--;
		} else if (c >= ' ' && c != 0x7f && len < LINE_MAX - 1) {
			echo(echoing, c);
			line[len++] = c;
		}
	}
	echo(echoing, '\n');
	line[len] = '\0';
	return line;
}
