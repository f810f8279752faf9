/* SPDX-License-Identifier: MIT */
/*
 * What is taken from a program's memory is gone when the call returns, also on the CPU where it is in use at that moment:
 * no store may come after that. It is taken by a parent from its children, and by a thread from its siblings, each of
 * which has a page directory of its own.
 */
#include <user/hostile.h>

#define ROUNDS 60
#define OURS(i) ((volatile uint32_t *)(0x50000000 + (i)*PGSIZE))
#define ITS(i) ((volatile uint32_t *)(0x60000000 + (i)*PTSIZE))
#define NCHILDREN 3
#define FAULTS(i) COMMON[2 * (i)]
#define ANSWERED(i) COMMON[2 * (i) + 1]

static THREAD_LOCAL int place;

/* The child's: tell, and go on when the parent has mapped the page again. */
static void on_fault(struct UTrapframe *utf)
{
	if (ROUNDDOWN(utf->utf_fault_va, PGSIZE) != (uint32_t)ITS(place))
		sys_env_destroy(0);
	uint32_t fault = ++FAULTS(place);
	while (ANSWERED(place) != fault)
		sys_yield();
}

static void store(void)
{
	set_pgfault_handler(on_fault);
	for (uint32_t n = 1;; n++)
		*ITS(place) = n; /* the first of all faults */
}

static void store_in_thread(void *arg)
{
	place = (int)arg;
	store();
}

static envid_t begin_thread(int i)
{
	envid_t id;
	int r = thread_create(store_in_thread, (void *)i, &id);

	return r < 0 ? r : id;
}

static envid_t begin_child(int i)
{
	place = i;
	return child_for(store);
}

/*
 * Somebody in whose place nothing may be stored: the page's next owner, if it were freed. On its CPU, the other's next
 * store is the one that shows what that CPU remembers: so wait for it, or for the fault.
 */
static void must_stand_still(int i)
{
	uint32_t then = *OURS(i);

	while (*OURS(i) == then && FAULTS(i) == ANSWERED(i))
		sys_yield();
	if (*OURS(i) != then)
		expect("a store after the page was taken", 1, 0);
}

static void map(envid_t child, int i)
{
	int r = sys_page_map(0, (void *)OURS(i), child, (void *)ITS(i), OWN);

	if (r < 0)
		panic("page_map: %e", r);
}

/* The child has the page, and stores at this moment. */
static void wait_for_store(int i)
{
	uint32_t then = *OURS(i);

	while (*OURS(i) == then && FAULTS(i) == ANSWERED(i))
		sys_yield();
}

/* Two ways of taking it: all of it, or only the right to write. */
static void take(envid_t child, int i, int round)
{
	wait_for_store(i);
	if (round % 2)
		sys_page_unmap(child, (void *)ITS(i));
	else
		sys_page_map(0, (void *)OURS(i), child, (void *)ITS(i), READ);
	must_stand_still(i);
}

/* A sibling's memory is our own: by our own id, it is not its page directory that the kernel is told. */
static void storm_of(envid_t (*begin)(int i), bool siblings)
{
	envid_t child[NCHILDREN];
	uint32_t faults[NCHILDREN] = { 0 };

	for (int i = 0; i < NCHILDREN; i++) {
		if (sys_page_alloc(0, (void *)OURS(i), OWN | PTE_SHARE) < 0)
			panic("no memory");
		FAULTS(i) = ANSWERED(i) = 0;
		if ((child[i] = begin(i)) < 0)
			panic("cannot begin: %e", child[i]);
	}
	for (int round = 0; round < ROUNDS; round++) {
		int i = any(NCHILDREN);
		if (FAULTS(i) == faults[i])
			take(siblings ? 0 : child[i], i, round);
		for (int j = 0; j < NCHILDREN; j++) {
			if (FAULTS(j) == faults[j])
				continue;
			map(siblings ? 0 : child[j], j);
			ANSWERED(j) = ++faults[j];
		}
		if (round % 8 == 0)
			sys_yield();
	}
	for (int i = 0; i < NCHILDREN; i++) {
		expect("whether it lived to the end", envs[ENVX(child[i])].env_id == child[i], true);
		expect("whether it faulted", faults[i] > 0, true);
		end_child(child[i]);
		sys_page_unmap(0, (void *)OURS(i));
		sys_page_unmap(0, (void *)ITS(i));
	}
}

static void storm_of_threads(void) { storm_of(begin_thread, true); }
static void storm_of_children(void) { storm_of(begin_child, false); }

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "tlbstorm";
	make_common();
	without_leak("free pages lost by threads", storm_of_threads); /* before fork() has set its handler */
	without_leak("free pages lost by children", storm_of_children);
	conclude();
}
