/* SPDX-License-Identifier: MIT */
/* cat [file ...]: copy the files, or descriptor 0, to descriptor 1. */
#include <inc/lib.h>
#include <user/session.h>

static char buf[4096];

/* Write all of it; a pipe or the console may take it in pieces. */
static int write_all(const char *from, int n)
{
	while (n > 0) {
		int r = write(1, from, n);
		if (r <= 0)
			return r < 0 ? r : -E_EOF;
		from += r;
		n -= r;
	}
	return 0;
}

static void copy(int fd, const char *name)
{
	int n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		int r = write_all(buf, n);
		if (r == -E_EOF) /* nobody reads any more */
			exit();
		if (r < 0)
			panic("writing what %s holds: %e", name, r);
	}
	if (n < 0)
		cprintf("cat: reading %s: %e\n", name, n);
}

static void copy_file(const char *name)
{
	int fd = open(name, O_RDONLY);
	if (fd < 0) {
		cprintf("cat: can't open %s: %e\n", name, fd);
		return;
	}
	copy(fd, name);
	close(fd);
}

void umain(int argc, char **argv)
{
	binaryname = "cat";
	use_console();
	if (argc <= 1)
		copy(0, "<stdin>");
	for (int i = 1; i < argc; i++)
		copy_file(argv[i]);
}
