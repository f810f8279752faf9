/* SPDX-License-Identifier: MIT */
/* IPC: a word, and perhaps a page, to an env that waits for them. */
#include <inc/error.h>

#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/syscall.h>

/* Map the sender's page where the receiver asked for one. 1 if a page was handed over, 0 if none, or an error. */
static int send_page(struct Env *to, uint32_t srcva, uint32_t perm)
{
	pte_t *pte;

	if (srcva >= UTOP)
		return 0;
	if (check_user_page(srcva) < 0 || check_user_perm(perm) < 0)
		return -E_INVAL;
	struct PageInfo *pp = page_lookup(curenv->env_pgdir, (void *)srcva, &pte);
	if (!pp || ((perm & PTE_W) && !(*pte & PTE_W)))
		return -E_INVAL;
	if ((uintptr_t)to->env_ipc_dstva >= UTOP)
		return 0;
	int r = page_insert(to->env_pgdir, pp, to->env_ipc_dstva, perm);
	return r < 0 ? r : 1;
}

/* (env, value, page or an address from UTOP on, perm): -E_IPC_NOT_RECV if it does not wait. */
int32_t sys_ipc_try_send(const uint32_t *a)
{
	struct Env *to;
	int r = envid2env(a[0], &to, false);

	if (r < 0)
		return r;
	if (!to->env_ipc_recving)
		return -E_IPC_NOT_RECV;
	if ((r = send_page(to, a[2], a[3])) < 0)
		return r;
	to->env_ipc_recving = false;
	to->env_ipc_from = curenv->env_id;
	to->env_ipc_value = a[1];
	to->env_ipc_perm = r ? a[3] : 0;
	if (to->env_status == ENV_NOT_RUNNABLE)
		sched_ready(to);
	return 0;
}

/* (where to map a page, or an address from UTOP on): blocks until something comes. */
int32_t sys_ipc_recv(const uint32_t *a)
{
	if (a[0] < UTOP && check_user_page(a[0]) < 0)
		return -E_INVAL;
	curenv->env_ipc_dstva = (void *)a[0];
	curenv->env_ipc_recving = true;
	sched_block(ENV_WAIT_NONE);
}
