/* SPDX-License-Identifier: MIT */
/* num [file ...]: copy the files, or descriptor 0, with a number before each line. */
#include <inc/lib.h>
#include <user/session.h>

static int line;
static bool at_start = true;

static bool put(const char *text, int n)
{
	while (n > 0) {
		int r = write(1, text, n);
		if (r <= 0)
			return false;
		text += r;
		n -= r;
	}
	return true;
}

/* Print one piece of input: at most a line. */
static bool number_piece(const char *piece, int n)
{
	char prefix[16];

	if (at_start && !put(prefix, snprintf(prefix, sizeof(prefix), "%5d ", ++line)))
		return false;
	at_start = piece[n - 1] == '\n';
	return put(piece, n);
}

static bool number_text(const char *text, int n)
{
	while (n > 0) {
		const char *stop = memfind(text, '\n', n);
		int piece = stop - text;
		if (piece < n)
			piece++; /* the line's end belongs to it */
		if (!number_piece(text, piece))
			return false;
		text += piece;
		n -= piece;
	}
	return true;
}

static void number_fd(int fd, const char *name)
{
	static char buf[4096];
	int n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (!number_text(buf, n))
			exit(); /* nobody reads any more */
	if (n < 0)
		cprintf("num: reading %s: %e\n", name, n);
}

void umain(int argc, char **argv)
{
	binaryname = "num";
	use_console();
	if (argc <= 1)
		number_fd(0, "<stdin>");
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		if (fd < 0) {
			cprintf("num: can't open %s: %e\n", argv[i], fd);
			continue;
		}
		number_fd(fd, argv[i]);
		close(fd);
	}
}
