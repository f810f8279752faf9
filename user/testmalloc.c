/* SPDX-License-Identifier: MIT */
/*
 * testmalloc: check the heap. testmalloc -i: let the user do it, with the commands `malloc SIZE` and
 * `free ADDRESS`.
 */
#include <inc/lib.h>
#include <user/session.h>

#define NBLOCKS 64
#define BIG (1024 * 1024)
#define ROUNDS 200
#define MAX_BIG 1024

static char *blocks[NBLOCKS];

static size_t size_of(int i)
{
	return 1 + i * i * 5; /* 1 byte to 5 pages */
}

static void fill_blocks(void)
{
	for (int i = 0; i < NBLOCKS; i++) {
		blocks[i] = malloc(size_of(i));
		if (blocks[i] == NULL)
			panic("no memory for %d bytes", size_of(i));
		memset(blocks[i], i, size_of(i));
	}
}

/* No block was changed by what was written to another. */
static void check_blocks(int step)
{
	for (int i = 0; i < NBLOCKS; i += step)
		for (size_t k = 0; k < size_of(i); k++)
			if (blocks[i][k] != i)
				panic("byte %d of block %d was overwritten", k, i);
}

static void test_small(void)
{
	fill_blocks();
	check_blocks(1);
	for (int i = 1; i < NBLOCKS; i += 2)
		free(blocks[i]);
	check_blocks(2);
	for (int i = 0; i < NBLOCKS; i += 2)
		free(blocks[i]);
	cprintf("small blocks are good\n");
}

/* Far more than the heap holds, if nothing came back. */
static void test_reuse(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		char *p = malloc(BIG);
		if (p == NULL)
			panic("memory was not given back, round %d", i);
		p[0] = p[BIG - 1] = i;
		free(p);
	}
	cprintf("free is good\n");
}

/* At the end of the memory comes NULL and no panic, and afterwards all is there again. */
static void test_exhaustion(void)
{
	static char *big[MAX_BIG];
	int n = 0;

	while (n < MAX_BIG && (big[n] = malloc(BIG)) != NULL)
		n++;
	if (n == MAX_BIG)
		panic("%d times %d bytes?", n, BIG);
	for (int i = 0; i < n; i++)
		free(big[i]);
	char *p = malloc(BIG);
	if (p == NULL)
		panic("no memory after %d blocks were freed", n);
	free(p);
	cprintf("exhaustion is good\n");
}

static void run_command(const char *line)
{
	if (strncmp(line, "malloc ", 7) == 0)
		printf("\t%p\n", malloc(strtol(line + 7, NULL, 0)));
	else if (strncmp(line, "free ", 5) == 0)
		free((void *)strtol(line + 5, NULL, 0));
	else
		printf("?unknown command\n");
}

void umain(int argc, char **argv)
{
	const char *line;

	binaryname = "testmalloc";
	if (argc > 1 && strcmp(argv[1], "-i") == 0) {
		use_console();
		while ((line = readline("> ")) != NULL)
			run_command(line);
		return;
	}
	test_small();
	test_reuse();
	test_exhaustion();
	cprintf("malloc tests passed\n");
}
