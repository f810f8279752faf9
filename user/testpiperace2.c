/* SPDX-License-Identifier: MIT */
/*
 * The other way round than testpiperace: a child opens and closes another descriptor of the pipe over and
 * over, and this environment keeps asking whether the pipe is closed.
 */
#include <inc/lib.h>

#define ROUNDS 200
#define SPARE_FD 10
#define SHOW_EVERY 10

static void open_and_close(int ends[2])
{
	close(ends[1]);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % SHOW_EVERY == 0)
			cprintf("%d.", i);
		dup(ends[0], SPARE_FD);
		sys_yield();
		close(SPARE_FD);
		sys_yield();
	}
}

static bool is_alive(envid_t envid)
{
	const volatile struct Env *e = &envs[ENVX(envid)];
	return e->env_id == envid && (e->env_status == ENV_RUNNABLE || e->env_status == ENV_RUNNING);
}

void umain(int argc, char **argv)
{
	int ends[2];

	USED(argc);
	USED(argv);
	binaryname = "testpiperace2";
	cprintf("testing for pipeisclosed race...\n");
	int r = pipe(ends);
	if (r < 0)
		panic("pipe: %e", r);
	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		open_and_close(ends);
		exit();
	}
	while (is_alive(child)) {
		if (pipeisclosed(ends[0])) {
			cprintf("\nRACE: pipe appears closed\n");
			sys_env_destroy(child);
			exit();
		}
	}
	cprintf("\nchild done with loop\n");
	if (pipeisclosed(ends[0]))
		panic("the other end of the pipe got closed");
	cprintf("race didn't happen\n");
}
