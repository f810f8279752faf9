/* SPDX-License-Identifier: MIT */
/* After a fork both environments have the same descriptor: what one reads, the other finds read. */
#include <inc/lib.h>

static char whole[512], again[512];

static void read_again(int fd, int n, const char *where)
{
	int got = readn(fd, again, n);
	if (got != n)
		panic("read in %s got %d bytes and not %d", where, got, n);
	if (memcmp(whole, again, n) != 0)
		panic("read in %s got different bytes", where);
	cprintf("read in %s succeeded\n", where);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "testfdsharing";
	int fd = open("/motd", O_RDONLY);
	if (fd < 0)
		panic("open /motd: %e", fd);
	int n = readn(fd, whole, sizeof(whole));
	if (n <= 0)
		panic("read /motd: %e", n);
	seek(fd, 0);

	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		cprintf("going to read in child (might page fault if your sharing is buggy)\n");
		read_again(fd, n, "child");
		seek(fd, 0); /* this moves the parent's place, too */
		close(fd);
		exit();
	}
	wait(child);
	read_again(fd, n, "parent");
	close(fd);
}
