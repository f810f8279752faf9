/* SPDX-License-Identifier: MIT */
/* Fork a binary tree; every node prints the way that leads to it. */
#include <inc/lib.h>

#define DEPTH 3

static void grow(const char *way);

/* A child one step further down; it goes on there, and ends when its own subtree is forked. */
static void branch(const char *way, char step)
{
	char longer[DEPTH + 1];
	envid_t child;

	if (strlen(way) >= DEPTH)
		return;
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		snprintf(longer, sizeof(longer), "%s%c", way, step);
		grow(longer);
		exit();
	}
}

static void grow(const char *way)
{
	cprintf("%04x: I am '%s'\n", sys_getenvid(), way);
	branch(way, '0');
	branch(way, '1');
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	grow("");
}
