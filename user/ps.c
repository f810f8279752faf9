/* SPDX-License-Identifier: MIT */
/* ps: list the environments. The kernel maps envs[] into every program, so nobody needs to be asked. */
#include <inc/lib.h>
#include <user/session.h>

static const char *const states[] = { "free", "dying", "runnable", "running", "blocked" };
static const char *const types[] = { "user", "fs", "ns" };

#define NAME_OF(table, n) ((n) < ARRAY_SIZE(table) ? (table)[n] : "?")

static const char *state_of(const volatile struct Env *e)
{
	if (e->env_status == ENV_NOT_RUNNABLE && e->env_ipc_recving)
		return "ipc";
	return NAME_OF(states, e->env_status);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	use_console();
	printf("     env   parent  type  state     cpu  runs\n");
	for (const volatile struct Env *e = envs; e < envs + NENV; e++) {
		if (e->env_status == ENV_FREE)
			continue;
		printf("%08x %08x  %-4s  %-8s  %3d  %u\n", e->env_id, e->env_parent_id,
		       NAME_OF(types, e->env_type), state_of(e), e->env_cpunum, e->env_runs);
	}
}
