/* SPDX-License-Identifier: MIT */
/*
 * While this environment duplicates an end of a pipe over and over, a child keeps asking whether the pipe is
 * closed. It never is; but a library that counts references carelessly says so.
 */
#include <inc/lib.h>

#define ROUNDS 200
#define SPARE_FD 10

static void watch(int ends[2])
{
	close(ends[1]);
	for (int i = 0; i < ROUNDS; i++) {
		if (pipeisclosed(ends[0])) {
			cprintf("RACE: pipe appears closed\n");
			exit();
		}
		sys_yield();
	}
	ipc_recv(NULL, NULL, NULL); /* wait, with the descriptor open, for the parent to end this */
}

static bool is_busy(const volatile struct Env *e)
{
	return e->env_status == ENV_RUNNABLE || e->env_status == ENV_RUNNING;
}

static void check_counts(int fdnum)
{
	struct Fd *fd;
	int r = fd_lookup(fdnum, &fd);
	if (r < 0)
		panic("descriptor %d: %e", fdnum, r);
	/* Three descriptors here and one in the child have the pipe's data. */
	if (pageref(fd2data(fd)) != 3 + 1)
		cprintf("\nchild detected race\n");
	else
		cprintf("\nrace didn't happen\n");
}

void umain(int argc, char **argv)
{
	int ends[2];

	USED(argc);
	USED(argv);
	binaryname = "testpiperace";
	cprintf("testing for dup race...\n");
	int r = pipe(ends);
	if (r < 0)
		panic("pipe: %e", r);
	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		watch(ends);
		exit();
	}
	cprintf("pid is %d\n", child);
	while (is_busy(&envs[ENVX(child)]))
		dup(ends[0], SPARE_FD);
	cprintf("child done with loop\n");
	if (pipeisclosed(ends[0]))
		panic("the other end of the pipe got closed");
	check_counts(ends[0]);
	sys_env_destroy(child);
}
