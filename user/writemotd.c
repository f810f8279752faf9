/* SPDX-License-Identifier: MIT */
/* Replace what /motd says by what /newmotd says, and show both. */
#include <inc/lib.h>

static char buf[512];

static int must_open(const char *path, int mode)
{
	int fd = open(path, mode);
	if (fd < 0)
		panic("open %s: %e", path, fd);
	return fd;
}

/* Show all that is left in `from`; write it to `to` as well, unless that is negative. */
static void show(const char *title, int from, int to)
{
	int n;

	cprintf("%s\n===\n", title);
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		sys_cputs(buf, n);
		int r = to < 0 ? n : write(to, buf, n);
		if (r != n)
			panic("write /motd: %e", r);
	}
	if (n < 0)
		panic("read: %e", n);
	cprintf("===\n");
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	int from = must_open("/newmotd", O_RDONLY);
	int to = must_open("/motd", O_RDWR);

	cprintf("file descriptors %d %d\n", from, to);
	show("OLD MOTD", to, -1);
	int r = seek(to, 0);
	if (r < 0 || (r = ftruncate(to, 0)) < 0)
		panic("truncate /motd: %e", r);
	show("NEW MOTD", from, to);
	close(from);
	close(to);
}
