/* SPDX-License-Identifier: MIT */
/* Run /testshell.sh in a shell and hold what it writes against /testshell.key. */
#include <inc/lib.h>
#include <user/session.h>

#define MAXTEXT 16384

static char output[MAXTEXT], expected[MAXTEXT];

static int must_open(const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		panic("open %s: %e", path, fd);
	return fd;
}

/* In a child: become the shell, reading the script and writing to `out`. */
static void run_shell(int out)
{
	close(0);
	int script = must_open("/testshell.sh");
	if (script != 0)
		panic("the script is descriptor %d", script);
	dup(out, 1);
	close(out);
	envid_t shell = spawnl("/sh", "sh", "-x", NULL);
	if (shell < 0)
		panic("spawn /sh: %e", shell);
	close_all();
	wait(shell);
	exit();
}

/* The shell's output, all of it. */
static int collect(char *text)
{
	int ends[2];
	int r = pipe(ends);
	if (r < 0)
		panic("pipe: %e", r);
	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		close(ends[0]);
		run_shell(ends[1]);
	}
	close(ends[1]);
	int n = readn(ends[0], text, MAXTEXT);
	close(ends[0]);
	wait(child);
	return n;
}

/* Show the texts from the start of the first line that differs. */
static void show_difference(int got, int want)
{
	int line = 0;

	for (int i = 0; i < got && i < want && output[i] == expected[i]; i++)
		if (output[i] == '\n')
			line = i + 1;
	cprintf("shell produced incorrect output.\nexpected:\n===\n");
	sys_cputs(expected + line, want - line);
	cprintf("===\ngot:\n===\n");
	sys_cputs(output + line, got - line);
	cprintf("===\n");
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "testshell";
	use_console();
	int key = must_open("/testshell.key");
	int want = readn(key, expected, MAXTEXT);
	close(key);
	if (want < 0)
		panic("read /testshell.key: %e", want);

	cprintf("running sh -x < testshell.sh\n");
	int got = collect(output);
	if (got == want && memcmp(output, expected, want) == 0)
		cprintf("shell ran correctly\n");
	else
		show_difference(MAX(got, 0), want);
}
