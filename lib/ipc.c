/* SPDX-License-Identifier: MIT */
/* Messages between environments: one word, and one page if wanted. */
#include <inc/lib.h>

#define NO_PAGE ((void *)UTOP)

int32_t ipc_recv(envid_t *from_store, void *pg, int *perm_store)
{
	int r = sys_ipc_recv(pg ? pg : NO_PAGE);
	bool received = r >= 0;

	if (from_store)
		*from_store = received ? thisenv->env_ipc_from : 0;
	if (perm_store)
		*perm_store = received ? thisenv->env_ipc_perm : 0;
	return received ? (int32_t)thisenv->env_ipc_value : r;
}

/* Waits in the receiver's queue until it takes the message. (Asked again only if a parent disturbed the wait.) */
void ipc_send(envid_t to, uint32_t value, void *pg, int perm)
{
	int r;

	do
		r = sys_ipc_send(to, value, pg ? pg : NO_PAGE, perm);
	while (r == -E_IPC_NOT_RECV);
	if (r < 0)
		panic("ipc_send to %08x: %e", to, r);
}

envid_t ipc_find_env(enum EnvType type)
{
	for (const volatile struct Env *e = envs; e < envs + NENV; e++)
		if (e->env_type == type && e->env_status != ENV_FREE)
			return e->env_id;
	return 0;
}
