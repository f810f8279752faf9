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

/*
 * A receiver that is not ready is asked again after all others had their turn. Who comes new passes one turn
 * more: so those who wait already get through first, and of two busy senders neither starves.
 */
void ipc_send(envid_t to, uint32_t value, void *pg, int perm)
{
	void *page = pg ? pg : NO_PAGE;
	int r = sys_ipc_try_send(to, value, page, perm);

	if (r == -E_IPC_NOT_RECV)
		sys_yield();
	while (r == -E_IPC_NOT_RECV) {
		sys_yield();
		r = sys_ipc_try_send(to, value, page, perm);
	}
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
