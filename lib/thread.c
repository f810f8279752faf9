/* SPDX-License-Identifier: MIT */
/* Making threads, and their end. The contract is inc/thread.h; the kernel's part is sys_thread_create. */
#include <lib/private.h>

extern void _thread_entry(void);                /* threadentry.S */
extern char thread_vars_start[], thread_vars_end[]; /* user.ld: the THREAD_LOCAL variables */

#define OWN (PTE_P | PTE_U | PTE_W)

/* On the new thread's stack. */
void __attribute__((noreturn)) _thread_begin(void)
{
	THREAD_PAGE->fn(THREAD_PAGE->arg);
	thread_exit();
}

static int make_pages(envid_t id, uintptr_t from, uintptr_t to)
{
	int r = 0;

	for (uintptr_t va = ROUNDDOWN(from, PGSIZE); va < to && r >= 0; va += PGSIZE)
		r = sys_page_alloc(id, (void *)va, OWN);
	return r;
}

/* The page by which the new thread knows what to do. */
static int write_page(envid_t id, void (*fn)(void *arg), void *arg)
{
	int r = sys_page_map(id, THREAD_PAGE, 0, THREAD_SCRATCH, OWN);

	if (r < 0)
		return r;
	*(struct thread_page *)THREAD_SCRATCH = (struct thread_page){ &envs[ENVX(id)], fn, arg };
	return sys_page_unmap(0, THREAD_SCRATCH);
}

static int give_upcall(envid_t id, void *upcall)
{
	int r = sys_page_alloc(id, EXCEPTION_STACK, OWN);

	return r < 0 ? r : sys_env_set_pgfault_upcall(id, upcall);
}

static int prepare(envid_t id, void (*fn)(void *arg), void *arg)
{
	void *upcall = thisenv->env_pgfault_upcall;
	int r;

	if ((r = make_pages(id, UTHREAD, UTHREAD + 2 * PGSIZE)) < 0 ||
	    (r = make_pages(id, USTACKTOP - THREAD_STACK, USTACKTOP)) < 0 ||
	    (r = make_pages(id, (uintptr_t)thread_vars_start, (uintptr_t)thread_vars_end)) < 0 ||
	    (r = write_page(id, fn, arg)) < 0 || (upcall && (r = give_upcall(id, upcall)) < 0))
		return r;
	return sys_env_set_status(id, ENV_RUNNABLE);
}

int thread_create(void (*fn)(void *arg), void *arg, envid_t *id_store)
{
	mutex_lock(&threads_lock);
	envid_t id = sys_thread_create(_thread_entry, 0);
	int r = id < 0 ? id : prepare(id, fn, arg);
	if (id >= 0 && r < 0)
		sys_env_destroy(id);
	mutex_unlock(&threads_lock);
	if (r >= 0 && id_store)
		*id_store = id;
	return r;
}

int thread_join(envid_t id)
{
	return sys_env_wait(id);
}

void thread_exit(void)
{
	if (!has_thread_page())
		exit();
	for (;;)
		sys_env_destroy(0);
}

/* With threads_lock. One that has an upcall already has a stack for it. */
int threads_set_upcall(void *upcall)
{
	int r = 0;

	for (const volatile struct Env *e = envs; e < envs + NENV && r >= 0; e++) {
		bool sibling = e->env_leader_id == thisenv->env_leader_id && e != thisenv;
		if (sibling && e->env_status != ENV_FREE && e->env_status != ENV_DYING && !e->env_pgfault_upcall)
			r = give_upcall(e->env_id, upcall);
		if (r == -E_BAD_ENV)
			r = 0; /* it has ended meanwhile */
	}
	return r;
}
