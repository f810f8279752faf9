/* SPDX-License-Identifier: MIT */
/* Takes all there is of memory, environments and references to a page, sees the errors for that, and gives all back. */
#include <user/hostile.h>

#define HOARD 0x40000000
#define HOARD_END 0x60000000
#define MANY 70000 /* more references than a page can have */
#define SPARE_MAX 40
#define BOMBS 2500

/* ---- Memory ---- */

static uint32_t hoarded;

static int hoard(void)
{
	int r;

	for (hoarded = 0; (r = sys_page_alloc(0, (void *)(HOARD + hoarded * PGSIZE), OWN)) == 0; hoarded++)
		if (HOARD + (hoarded + 1) * PGSIZE == HOARD_END)
			panic("memory has no end");
	return r;
}

static void give_back(uint32_t n)
{
	while (n-- > 0)
		sys_page_unmap(0, (void *)(HOARD + --hoarded * PGSIZE));
}

static void take_all_memory(void)
{
	envid_t before = sys_exofork();

	sys_env_destroy(before);
	expect("page_alloc of the last page and one more", hoard(), -E_NO_MEM);
	expect("exofork without memory", sys_exofork(), -E_NO_MEM);
	expect("page_map that needs a page table",
	       sys_page_map(0, (void *)HOARD, 0, (void *)(HOARD_END + PTSIZE), READ), -E_NO_MEM);
	expect("page_map that needs none", sys_page_map(0, (void *)HOARD, 0, (void *)(HOARD + PGSIZE), READ), 0);
	give_back(hoarded);

	envid_t after = sys_exofork();
	sys_env_destroy(after);
	expect("whether an id came again", ENVX(after) == ENVX(before) && after <= before, false);
}

/* ---- Environments ---- */

static void take_all_envs(void)
{
	static envid_t child[NENV];
	int n = 0;

	while ((child[n] = sys_exofork()) > 0)
		n++;
	expect("exofork of one too many", child[n], -E_NO_FREE_ENV);
	expect("how many there were", n, NENV - (int)living() + n);
	while (n-- > 0)
		sys_env_destroy(child[n]);
}

/* Children that were never started have nobody else. */
static void leave_unborn(void)
{
	for (int i = 0; i < 10; i++)
		if (sys_exofork() < 0)
			COMMON[2] = 1;
}

static void orphans(void)
{
	COMMON[2] = 0;
	wait(child_for(leave_unborn));
	expect("whether exofork failed", COMMON[2], 0);
}

/* Each forks as often as it can, and each of its children, too. */
static void bomb(void)
{
	while (COMMON[3]++ < BOMBS)
		if (fork() < 0)
			COMMON[4]++;
}

static void fork_bomb(void)
{
	COMMON[3] = COMMON[4] = 0;
	wait(child_for(bomb));
	while (living() > 1)
		sleep_ms(5);
	expect("whether a fork bomb met its limit", COMMON[4] > 0, true);
}

/* ---- References ---- */

static void map_many(void)
{
	int r = 0;

	for (uint32_t i = 0; i < MANY && r == 0; i++)
		r = sys_page_map(0, (void *)COMMON, 0, (void *)(HOARD + i * PGSIZE), READ);
	COMMON[4] = r;
}

static void take_all_references(void)
{
	uint32_t frame = PGNUM(uvpt[PGNUM(COMMON)]);

	COMMON[4] = 0;
	wait(child_for(map_many));
	expect("mapping a page too often", COMMON[4], -E_NO_MEM);
	expect("its references afterwards", pages[frame].pp_ref, 1);
}

/* ---- A child, when memory ends at any point of its making ---- */

/* Each page needs a page table, too. */
static int furnish(envid_t child)
{
	int r = 0;

	for (uint32_t va = HOARD; va < HOARD_END && r == 0; va += 2 * PTSIZE) {
		r = sys_page_alloc(child, (void *)va, OWN);
		if (r == 0)
			r = sys_page_map(0, (void *)COMMON, child, (void *)(va + PTSIZE), READ);
	}
	return r;
}

static void child_at_the_end(void)
{
	hoard();
	for (int spare = 0; spare < SPARE_MAX; spare++) {
		envid_t child = sys_exofork();
		int r = child < 0 ? child : furnish(child);
		expect("making a child while memory ends", r, -E_NO_MEM);
		if (child > 0)
			sys_env_destroy(child);
		give_back(1);
	}
	give_back(hoarded);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "exhaust";
	make_common();
	without_leak("free pages lost when memory was out", take_all_memory);
	without_leak("free pages lost when environments were out", take_all_envs);
	without_leak("free pages lost by orphans", orphans);
	without_leak("free pages lost by references", take_all_references);
	without_leak("free pages lost by children without memory", child_at_the_end);
	without_leak("free pages lost by a fork bomb", fork_bomb);
	conclude();
}
