/* SPDX-License-Identifier: MIT */
/*
 * sh [-dix] [file]: the shell. Reads commands from the file, or else from descriptor 0, until its end.
 *   -d  tell what is started
 *   -i  show a prompt, also if descriptor 0 is not the console
 *   -x  show each command before it runs
 * What a line may hold: parts/sh/parse.c. How it runs: parts/sh/run.c.
 */
#include <user/session.h>
#include <user/parts/sh/sh.h>

static bool prompting, echoing;

static void usage(void)
{
	cprintf("usage: sh [-dix] [file]\n");
	exit();
}

static void read_flags(int *argc, char **argv)
{
	struct Argstate args;
	int flag;

	argstart(argc, argv, &args);
	while ((flag = argnext(&args)) >= 0) {
		if (flag == 'd')
			sh_debug = true;
		else if (flag == 'i')
			prompting = true;
		else if (flag == 'x')
			echoing = true;
		else
			usage();
	}
}

/* Let descriptor 0 be the file. */
static void read_from(const char *file)
{
	close(0);
	int fd = open(file, O_RDONLY);
	if (fd == 0)
		return;
	cprintf("sh: open %s: %e\n", file, fd < 0 ? fd : -E_MAX_OPEN);
	exit();
}

static void run_line(const char *line)
{
	static struct Parser parser;
	static struct Pipeline pipeline;

	parse_start(&parser, line);
	while (parse_next(&parser, &pipeline))
		run_pipeline(&pipeline);
}

void umain(int argc, char **argv)
{
	const char *line;

	binaryname = "sh";
	use_console();
	read_flags(&argc, argv);
	if (argc > 2)
		usage();
	if (argc == 2)
		read_from(argv[1]);
	else
		prompting = prompting || iscons(0) > 0;

	while ((line = readline(prompting ? "$ " : NULL)) != NULL) {
		if (echoing && line[0] != '\0' && line[0] != '#')
			printf("# %s\n", line);
		run_line(line);
	}
	if (sh_debug)
		cprintf("sh: end of input\n");
}
