/* SPDX-License-Identifier: MIT */
/* A pipe carries all bytes in order; either end learns when nobody holds the other any more. */
#include <inc/lib.h>

static const char message[] =
	"A pipe has room for a few bytes only, so this sentence goes through it in several pieces.";

static void make_pipe(int ends[2])
{
	int r = pipe(ends);
	if (r < 0)
		panic("pipe: %e", r);
}

static envid_t must_fork(void)
{
	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	return child;
}

static void read_to_the_end(int fd)
{
	char got[sizeof(message) + 10];

	int n = readn(fd, got, sizeof(got));
	if (n != sizeof(message) || memcmp(got, message, sizeof(message)) != 0)
		panic("read %d bytes, and not those that were sent", n);
	n = read(fd, got, 1);
	if (n != 0)
		panic("read at the end: %d", n);
	cprintf("\npipe read closed properly\n");
}

static void write_to_the_end(int fd)
{
	while (write(fd, "x", 1) == 1)
		;
	cprintf("\npipe write closed properly\n");
}

static void test_reader(void)
{
	int ends[2];

	make_pipe(ends);
	envid_t child = must_fork();
	if (child == 0) {
		close(ends[1]);
		read_to_the_end(ends[0]);
		exit();
	}
	close(ends[0]);
	int n = write(ends[1], message, sizeof(message));
	if (n != sizeof(message))
		panic("write: %d", n);
	close(ends[1]);
	wait(child);
}

static void test_writer(void)
{
	int ends[2];

	make_pipe(ends);
	envid_t child = must_fork();
	if (child == 0) {
		close(ends[0]);
		write_to_the_end(ends[1]);
		exit();
	}
	close(ends[0]);
	close(ends[1]);
	wait(child);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "testpipe";
	test_reader();
	test_writer();
	cprintf("pipe tests passed\n");
}
