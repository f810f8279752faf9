/* SPDX-License-Identifier: MIT */
/*
 * Is a page with PTE_SHARE one and the same after fork and after spawn? For testpteshare and testptelibrary,
 * which differ in what they call the bit.
 */
#ifndef JOS_USER_SHARETEST_H
#define JOS_USER_SHARETEST_H

#include <inc/lib.h>

#define SHARED ((char *)0xA0000000)

static const char from_fork[] = "written by the child that was forked";
static const char from_spawn[] = "written by the program that was spawned";

static inline void report_sharing(const char *how, const char *bit, const char *expected)
{
	cprintf("%s handles %s %s\n", how, bit, strcmp(SHARED, expected) == 0 ? "right" : "wrong");
}

static inline void share_with_fork(const char *bit)
{
	envid_t child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		strcpy(SHARED, from_fork);
		exit();
	}
	wait(child);
	report_sharing("fork", bit, from_fork);
}

/* The program spawned is this one again, with an argument by which it knows its part. */
static inline void share_with_spawn(const char *self, const char *path, const char *bit)
{
	envid_t child = spawnl(path, self, "writer", NULL);
	if (child < 0)
		panic("spawn %s: %e", path, child);
	wait(child);
	report_sharing("spawn", bit, from_spawn);
}

static inline void test_sharing(int argc, const char *self, const char *path, const char *bit)
{
	binaryname = self;
	if (argc > 1) {
		strcpy(SHARED, from_spawn);
		return;
	}
	int r = sys_page_alloc(0, SHARED, PTE_P | PTE_W | PTE_U | PTE_SHARE);
	if (r < 0)
		panic("sys_page_alloc: %e", r);
	share_with_fork(bit);
	share_with_spawn(self, path, bit);
}

#endif
