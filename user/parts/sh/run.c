/* SPDX-License-Identifier: MIT */
/*
 * Running a pipeline. Each command gets a child of the shell, a stage, that arranges descriptors 0 and 1,
 * spawns the program, closes its own descriptors (or a pipe would never seem closed) and waits for it.
 */
#include "sh.h"

bool sh_debug;

/* Make `fd` known as `number` only. */
static void move_fd(int fd, int number)
{
	if (fd < 0 || fd == number)
		return;
	int r = dup(fd, number);
	if (r < 0)
		panic("dup %d to %d: %e", fd, number, r);
	close(fd);
}

static void redirect(const char *file, int mode, int number)
{
	if (file == NULL)
		return;
	int fd = open(file, mode);
	if (fd < 0) {
		cprintf("sh: open %s: %e\n", file, fd);
		exit();
	}
	move_fd(fd, number);
}

/* Programs are looked for in "/". */
static envid_t spawn_command(const struct Command *c)
{
	char path[MAXLINE + 1];

	snprintf(path, sizeof(path), "%s%s", c->argv[0][0] == '/' ? "" : "/", c->argv[0]);
	envid_t program = spawn(path, (const char **)c->argv);
	if (program < 0)
		cprintf("sh: spawn %s: %e\n", path, program);
	else if (sh_debug)
		cprintf("[%08x] spawned %s as %08x\n", thisenv->env_id, path, program);
	return program;
}

/* What a stage does. */
static void run_stage(const struct Command *c)
{
	redirect(c->in, O_RDONLY, 0);
	redirect(c->out, O_WRONLY | O_CREAT | O_TRUNC, 1);
	envid_t program = spawn_command(c);
	close_all();
	if (program > 0)
		wait(program);
	exit();
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Start a stage that reads from `in`, if that is not negative, and writes to `out`; `spare` is not for it. */
static envid_t start_stage(const struct Command *c, int in, int out, int spare)
{
	envid_t stage = fork();
	if (stage < 0)
		cprintf("sh: fork: %e\n", stage);
	if (stage != 0)
		return stage;
	close_if_open(spare);
	move_fd(in, 0);
	move_fd(out, 1);
	run_stage(c);
	return 0;
}

/* Start all stages with pipes between them. Returns how many could be started. */
static int start_stages(const struct Pipeline *pl, envid_t *stages)
{
	int in = -1, n;

	for (n = 0; n < pl->nstages; n++) {
		int ends[2] = { -1, -1 };
		int r = n + 1 < pl->nstages ? pipe(ends) : 0;
		if (r < 0) {
			cprintf("sh: pipe: %e\n", r);
			break;
		}
		stages[n] = start_stage(&pl->stages[n], in, ends[1], ends[0]);
		close_if_open(in);
		close_if_open(ends[1]);
		in = ends[0];
		if (stages[n] < 0)
			break;
		if (sh_debug)
			cprintf("[%08x] stage %d is %08x\n", thisenv->env_id, n, stages[n]);
	}
	close_if_open(in);
	return n;
}

static void run_and_wait(const struct Pipeline *pl)
{
	envid_t stages[MAXSTAGES];

	int n = start_stages(pl, stages);
	for (int i = 0; i < n; i++)
		wait(stages[i]);
}

/* In the background: a child of the shell does it, with nothing to read by descriptor 0. */
void run_pipeline(const struct Pipeline *pl)
{
	if (!pl->background) {
		run_and_wait(pl);
		return;
	}
	envid_t job = fork();
	if (job < 0)
		cprintf("sh: fork: %e\n", job);
	if (job != 0)
		return;
	close(0);
	run_and_wait(pl);
	exit();
}
