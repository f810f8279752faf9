/* SPDX-License-Identifier: MIT */
/* A fork in user space that simply copies the whole program, page after page. */
#include <inc/lib.h>

#define PARENT_TURNS 10
#define CHILD_TURNS 20

extern char end[]; /* of the program's memory: the linker knows */

static void must(int r, const char *what)
{
	if (r < 0)
		panic("%s: %e", what, r);
}

static void copy_page(envid_t child, void *va)
{
	int perm = PTE_P | PTE_U | PTE_W;

	must(sys_page_alloc(0, UTEMP, perm), "sys_page_alloc");
	memcpy(UTEMP, va, PGSIZE);
	must(sys_page_map(0, UTEMP, child, va, perm), "sys_page_map");
	must(sys_page_unmap(0, UTEMP), "sys_page_unmap");
}

/* The child returns from sys_exofork on its copy of this very stack page. */
static envid_t whole_copy(void)
{
	envid_t child = sys_exofork();

	must(child, "sys_exofork");
	if (child == 0) {
		thisenv = &envs[ENVX(sys_getenvid())];
		return 0;
	}
	for (char *page = (char *)UTEXT; page < end; page += PGSIZE)
		copy_page(child, page);
	copy_page(child, (void *)(USTACKTOP - PGSIZE));
	must(sys_env_set_status(child, ENV_RUNNABLE), "sys_env_set_status");
	return child;
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	bool is_parent = whole_copy() != 0;
	for (int i = 0; i < (is_parent ? PARENT_TURNS : CHILD_TURNS); i++) {
		cprintf("%d: I am the %s!\n", i, is_parent ? "parent" : "child");
		sys_yield();
	}
}
