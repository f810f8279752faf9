/* SPDX-License-Identifier: MIT */
/*
 * Programs of many threads end at any moment, by whoever is first: their parent, one of their threads, a fault; single
 * threads end, too, whatever they do. Nothing of them may be left. And calls on threads that must be refused.
 */
#include <user/hostile.h>

#define ROUNDS 24
#define NTHREADS 5
#define SCRATCH ((volatile char *)0x50000000)
#define PRIVATE ((volatile char *)(UTHREAD + PTSIZE / 2))
#define READY COMMON[0]
#define BAD COMMON[1]

/* ---- What threads do until they are ended; `i` tells them apart ---- */

static void run(int i)
{
	USED(i);
	for (;;)
		cpu_relax();
}

static void yield(int i)
{
	USED(i);
	for (;;)
		sys_yield();
}

static void receive(int i)
{
	USED(i);
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

/* Page tables come for all; pages come and go, some of them this thread's alone. */
static void map(int i)
{
	for (uint32_t n = i;; n += NTHREADS) {
		volatile char *page = SCRATCH + n % 64 * (PTSIZE / 4);
		volatile char *mine = PRIVATE + n % 32 * PGSIZE;
		sys_page_alloc(0, (void *)page, OWN);
		sys_page_alloc(0, (void *)mine, OWN);
		*mine = n;
		sys_page_map(0, (void *)mine, 0, (void *)page, READ);
		if (*mine != (char)n)
			BAD++;
		sys_page_unmap(0, (void *)mine);
		sys_page_unmap(0, (void *)page);
	}
}

static void use_heap(int i)
{
	for (uint32_t n = i;; n++) {
		uint32_t *block = malloc(n % 6000);
		if (block && n % 6000 >= 4)
			*block = n;
		sys_yield();
		if (block && n % 6000 >= 4 && *block != n)
			BAD++;
		free(block);
	}
}

static void do_fork(int i)
{
	USED(i);
	for (;;) {
		envid_t child = fork();
		if (child == 0)
			sys_env_destroy(0);
		if (child > 0)
			wait(child);
	}
}

static void end(void *arg) { USED(arg); }

static void create(int i)
{
	envid_t id;

	USED(i);
	for (;;)
		if (thread_create(end, NULL, &id) == 0)
			thread_join(id);
}

static void end_siblings(int i)
{
	for (int n = i;; n++) {
		const volatile struct Env *e = &envs[n % 64];
		if (e != thisenv && e->env_id != e->env_leader_id && e->env_leader_id == thisenv->env_leader_id)
			sys_env_destroy(e->env_id);
		sys_yield();
	}
}

static void end_all(int i)
{
	spin(any(i * 400000 + 1));
	exit();
}

static void fault(int i)
{
	spin(any(i * 400000 + 1));
	set_pgfault_handler(NULL);
	*(volatile int *)(UTHREAD - PGSIZE) = 1;
}

static void end_at_once(int i) { USED(i); }

static void (*const jobs[])(int i) = {
	run, yield, receive, map, use_heap, do_fork, create, end_siblings, end_all, fault, end_at_once,
};

static void (*job[NTHREADS])(int i);

static void work(void *arg)
{
	job[(int)arg]((int)arg);
}

/* ---- The storm ---- */

static void program(void)
{
	for (int i = 1; i < NTHREADS; i++) {
		int r = thread_create(work, (void *)i, NULL);
		if (r < 0 && r != -E_BAD_ENV) /* a sibling may have ended it before it began */
			BAD++;
	}
	READY = 1;
	work(0);
	exit();
}

static void storm(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		READY = 0;
		for (int i = 0; i < NTHREADS; i++)
			job[i] = jobs[any(ARRAY_SIZE(jobs))];
		envid_t child = child_for(program);
		if (round % 3)
			for (int n = 0; !READY && n < 1000; n++)
				sys_yield();
		spin(any(2000000));
		end_child(child);
	}
	while (living() > 1) /* children of the threads: they end by themselves */
		sleep_ms(1);
}

/* ---- Calls that must be refused, and threads that cannot live ---- */

static void (*const nowhere[])(void) = { NULL, (void (*)(void))KERNBASE, (void (*)(void))UTHREAD, (void (*)(void))UVPT };

/* Without a stack, or with nothing to execute: the program ends, and says so on the console. */
static void lead_astray(void)
{
	set_pgfault_handler(NULL);
	envid_t id = sys_thread_create(nowhere[COMMON[2]], 0);
	sys_env_set_status(id, ENV_RUNNABLE);
	for (;;)
		sys_yield();
}

static void touch(void)
{
	envid_t stranger = COMMON[3], its_thread = COMMON[4];

	BAD += sys_page_alloc(its_thread, (void *)SCRATCH, OWN) != -E_BAD_ENV;
	BAD += sys_env_destroy(its_thread) != -E_BAD_ENV;
	BAD += sys_env_destroy(stranger) != -E_BAD_ENV;
}

static void sleep_for_ever(void *arg)
{
	USED(arg);
	receive(0);
}

static void refusals(void)
{
	envid_t id;

	expect("a thread", thread_create(sleep_for_ever, NULL, &id), 0);
	COMMON[3] = thisenv->env_id;
	COMMON[4] = id;
	wait(child_for(touch));
	expect("its page in the dataplane's range", sys_page_alloc(id, (void *)IXBASE, OWN), -E_INVAL);
	expect("its page from UTOP on", sys_page_alloc(id, (void *)UTOP, OWN), -E_INVAL);
	expect("its stack", sys_page_map(id, (void *)(USTACKTOP - PGSIZE), 0, (void *)SCRATCH, READ), 0);
	pte_t shared = PTE_ADDR(uvpt[PGNUM(SCRATCH)]);
	expect("a page of its own for it", sys_page_own((void *)SCRATCH, OWN), 0);
	pte_t first = PTE_ADDR(uvpt[PGNUM(SCRATCH)]);
	expect("whether that is still the stack's page", first == shared, false);
	expect("whether it is writable", uvpt[PGNUM(SCRATCH)] & PTE_W, PTE_W);
	expect("one more, where one may write", sys_page_own((void *)SCRATCH, OWN), 0);
	expect("whether that has made another copy", PTE_ADDR(uvpt[PGNUM(SCRATCH)]), first);
	expect("one of no page", sys_page_own((void *)(SCRATCH + PGSIZE), OWN), -E_INVAL);
	expect("one within a page", sys_page_own((void *)(SCRATCH + 1), OWN), -E_INVAL);
	expect("one of the kernel's", sys_page_own((void *)UENVS, OWN), -E_INVAL);
	expect("one of the dataplane's", sys_page_own((void *)IXBASE, OWN), -E_INVAL);
	expect("one with too many rights", sys_page_own((void *)SCRATCH, OWN | PTE_PS), -E_INVAL);
	sys_page_unmap(0, (void *)SCRATCH);
	expect("ending it", sys_env_destroy(id), 0);
	thread_join(id);
	expect("one that was never started", (id = sys_thread_create(nowhere[0], 0)) > 0, true);
	expect("ending that", sys_env_destroy(id), 0);
	for (COMMON[2] = 0; COMMON[2] < ARRAY_SIZE(nowhere); COMMON[2]++)
		wait(child_for(lead_astray));
}

/* All environments are threads; then the program ends. */
static void take_all(void)
{
	int n = 0;
	envid_t id;

	while ((id = sys_thread_create(nowhere[0], 0)) > 0)
		n++;
	BAD += id != -E_NO_FREE_ENV || n == 0;
}

/* Those that were never started end with the program, and so does a child of a thread that has ended. */
static void born_and_unborn(void)
{
	wait(child_for(take_all));
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "threadstorm";
	make_common();
	without_leak("free pages lost by refusals", refusals);
	without_leak("free pages lost by as many threads as there can be", born_and_unborn);
	without_leak("free pages lost", storm);
	expect("what went wrong in children", BAD, 0);
	conclude();
}
