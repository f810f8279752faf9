/* SPDX-License-Identifier: MIT */
/* System calls for the console, the clock and the boot arguments. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/env.h>
#include <kern/pmap.h>
#include <kern/sched.h>
#include <kern/sleep.h>
#include <kern/syscall.h>

enum { KEY_MAX = 32, CPUTS_MAX = 64 * 1024 };

/*
 * (string, length): print it; whoever passes what it may not read is destroyed. Of a long string only the beginning is
 * printed: the whole machine waits meanwhile.
 */
int32_t sys_cputs(const uint32_t *a)
{
	user_mem_assert(curenv, (void *)a[0], a[1], 0);
	cprintf("%.*s", (int)MIN(a[1], (uint32_t)CPUTS_MAX), (const char *)a[0]);
	return 0;
}

int32_t sys_cgetc(const uint32_t *a)
{
	(void)a;
	return cons_getc();
}

int32_t sys_cons_wait(const uint32_t *a)
{
	(void)a;
	if (cons_pending())
		return 0;
	sched_block(ENV_WAIT_CONS);
}

int32_t sys_time_msec(const uint32_t *a)
{
	(void)a;
	return clock_ms() & 0x7fffffff; /* negative numbers are errors */
}

/* (ms): sleep until sys_time_msec would return at least that. */
int32_t sys_sleep_until(const uint32_t *a)
{
	uint32_t now = clock_ms(), wait = (a[0] - now) & 0x7fffffff;

	if (wait == 0 || wait > 0x3fffffff) /* that is in the past */
		return 0;
	sleep_until(now + wait);
}

/* (key, buffer, size): copies the value with its NUL, cut to size. Its length, -E_NOT_FOUND or -E_FAULT. */
int32_t sys_bootarg(const uint32_t *a)
{
	char key[KEY_MAX];

	for (size_t i = 0;; i++) {
		if (i == sizeof(key))
			return -E_NOT_FOUND;
		if (copy_from_user(curenv, &key[i], (char *)a[0] + i, 1) < 0)
			return -E_FAULT;
		if (!key[i])
			break;
	}
	const char *value = bootarg(key);
	if (!value)
		return -E_NOT_FOUND;

	size_t len = strlen(value), n = MIN(len, a[2] ? a[2] - 1 : 0);
	if (a[2] == 0)
		return len;
	if (user_mem_check(curenv, (void *)a[1], n + 1, PTE_W) < 0)
		return -E_FAULT;
	memcpy((char *)a[1], value, n);
	((char *)a[1])[n] = '\0';
	return len;
}
