/* SPDX-License-Identifier: MIT */
/* Checks of what programs point at. Every pointer of a program passes here before the kernel follows it. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/env.h>
#include <kern/pmap.h>

uintptr_t user_mem_check_addr;

/*
 * Does one page of `env`, user's to begin with, allow `perm`? As the processor sees it: directory and table entry must
 * both. They differ at UVPT, where entries of the directory, most of them writable, are those of a read-only table.
 */
static bool page_allows(struct Env *env, uintptr_t va, int perm)
{
	pte_t *pte = va < ULIM ? pgdir_walk(env->env_pgdir, (void *)va, 0) : NULL;

	return pte && (env->env_pgdir[PDX(va)] & *pte & perm) == (pte_t)perm;
}

/* Nothing from ULIM on is allowed, so a length that wraps around is found out there at the latest. */
int user_mem_check(struct Env *env, const void *va, size_t len, int perm)
{
	uintptr_t addr = (uintptr_t)va, last = addr + len < addr ? ~0u : addr + len - 1;

	for (; len && addr <= last; addr = ROUNDDOWN(addr, PGSIZE) + PGSIZE) {
		if (!page_allows(env, addr, perm | PTE_U | PTE_P)) {
			user_mem_check_addr = addr;
			return -E_FAULT;
		}
	}
	return 0;
}

void user_mem_assert(struct Env *env, const void *va, size_t len, int perm)
{
	if (user_mem_check(env, va, len, perm) == 0)
		return;
	cprintf("[%08x] user_mem_check assertion failure for va %08x\n", env->env_id, user_mem_check_addr);
	env_end_program(env);
}

int copy_from_user(struct Env *env, void *dst, const void *va, size_t len)
{
	int r = user_mem_check(env, va, len, 0);

	if (r == 0)
		memcpy(dst, va, len);
	return r;
}

int copy_to_user(struct Env *env, void *va, const void *src, size_t len)
{
	int r = user_mem_check(env, va, len, PTE_W);

	if (r == 0)
		memcpy(va, src, len);
	return r;
}
