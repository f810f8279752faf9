/* SPDX-License-Identifier: MIT */
/*
 * For programs that misuse the kernel and check that it neither suffers nor leaks: what a call should have returned,
 * children to lose, and how much memory is free.
 */
#ifndef JOS_USER_HOSTILE_H
#define JOS_USER_HOSTILE_H

#include <inc/lib.h>
#include <inc/x86.h>

#define OWN (PTE_P | PTE_U | PTE_W)
#define READ (PTE_P | PTE_U)

/* A page that children made by fork() share with us. */
#define COMMON ((volatile uint32_t *)0x30000000)

__attribute__((weak)) int failures; /* one, in however many files of a program this is included */

static inline void expect(const char *what, int got, int want)
{
	if (got == want)
		return;
	failures++;
	cprintf("%s: %s gives %d, not %d\n", binaryname, what, got, want);
}

/* The last line that each of these programs prints, if it gets there. */
static inline void conclude(void)
{
	cprintf("%s: %s\n", binaryname, failures ? "FAILED" : "all is well");
}

static inline int32_t call(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	int32_t result;

	asm volatile("int %1"
		     : "=a"(result)
		     : "i"(T_SYSCALL), "a"(number), "d"(a), "c"(b), "b"(c), "D"(d), "S"(e)
		     : "memory", "cc");
	return result;
}

static inline void make_common(void)
{
	int r = sys_page_alloc(0, (void *)COMMON, OWN | PTE_SHARE);

	if (r < 0)
		panic("no common page: %e", r);
}

/* A child that does `job` and ends. */
static inline envid_t child_for(void (*job)(void))
{
	envid_t child = fork();

	if (child < 0)
		panic("fork: %e", child);
	if (child > 0)
		return child;
	job();
	sys_env_destroy(0);
	return 0;
}

static inline void end_child(envid_t child)
{
	sys_env_destroy(child);
	wait(child);
}

/* Free pages of the machine, as pages[] shows them. */
static inline uint32_t free_pages(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; (uvpt[PGNUM(&pages[i])] & PTE_P); i++)
		n += pages[i].pp_flags & PP_FREE;
	return n;
}

/* Environments that exist. */
static inline uint32_t living(void)
{
	uint32_t n = 0;

	for (int i = 0; i < NENV; i++)
		n += envs[i].env_status != ENV_FREE;
	return n;
}

static inline void sleep_ms(uint32_t ms) { sys_sleep_until(sys_time_msec() + ms); }

/* Do it twice: the first time warms up (page tables of our own, copies of shared pages), the second must not leak. */
static inline void without_leak(const char *what, void (*job)(void))
{
	job();
	uint32_t before = free_pages(), envs_before = living();
	job();
	expect(what, free_pages() - before, 0);
	expect("the number of environments left by that", living() - envs_before, 0);
}

/* A number that differs from call to call. */
static inline uint32_t any(uint32_t below)
{
	static uint32_t seed;

	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static inline void spin(uint32_t ticks)
{
	for (uint64_t end = read_tsc() + ticks; read_tsc() < end;)
		cpu_relax();
}

#endif
