/* SPDX-License-Identifier: MIT */
/* What threads of a program share and what they do not, how they begin and end, and what fork() makes of them. */
#include <user/hostile.h>

#define NTHREADS 4
#define MANY 2000
#define FRESH ((volatile uint32_t *)0x70000000) /* where no page table is yet */
#define PAGE_OF(i) (FRESH + (i)*PGSIZE / 4)

static void must(int r, const char *what)
{
	if (r < 0)
		panic("%s: %e", what, r);
}

static envid_t begin(void (*fn)(void *), int arg)
{
	envid_t id;

	must(thread_create(fn, (void *)arg, &id), "thread_create");
	return id;
}

static void all(void (*fn)(void *))
{
	envid_t id[NTHREADS];

	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(fn, i);
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
}

/* ---- Who is who ---- */

static volatile envid_t ids[NTHREADS];
static THREAD_LOCAL int own;
static volatile int locals_wrong;

static void tell(void *arg)
{
	int i = (int)arg;

	expect("thisenv's id", thisenv->env_id, sys_getenvid());
	own += i;
	sys_yield();
	locals_wrong += own != i;
	ids[i] = thisenv->env_id;
}

static void identities(void)
{
	own = 77;
	locals_wrong = 0;
	all(tell);
	for (int i = 0; i < NTHREADS; i++)
		for (int j = 0; j < i; j++)
			expect("two threads with one id", ids[i] == ids[j], false);
	expect("threads' own variables that another has written", locals_wrong, 0);
	expect("the first thread's own variable", own, 77);
	expect("waiting for oneself", thread_join(thisenv->env_id), -E_INVAL);
	expect("waiting for one that has ended", thread_join(ids[0]), 0);
}

/* ---- Stacks are private, static variables are not ---- */

static volatile uint32_t seen[NTHREADS];

static void use_stack(void *arg)
{
	volatile uint32_t mine[1024]; /* more than a page */

	for (int i = 0; i < 1024; i++)
		mine[i] = (uint32_t)arg;
	sys_yield();
	for (int i = 0; i < 1024; i++)
		seen[(int)arg] += mine[i] == (uint32_t)arg;
}

static void stacks(void)
{
	memset((void *)seen, 0, sizeof(seen));
	all(use_stack);
	for (int i = 0; i < NTHREADS; i++)
		expect("words of a stack that stayed", seen[i], 1024);
}

/* ---- A mutex, and the heap ---- */

static struct mutex lock;
static uint32_t counter;

static void count(void *arg)
{
	USED(arg);
	for (int i = 0; i < MANY; i++) {
		mutex_lock(&lock);
		uint32_t n = counter;
		if (i % 512 == 0)
			sys_yield();
		counter = n + 1;
		mutex_unlock(&lock);
	}
}

static void counting(void)
{
	counter = 0;
	all(count);
	expect("what the threads counted", counter, NTHREADS * MANY);
	expect("taking a free mutex", mutex_trylock(&lock), true);
	expect("taking one's own again", mutex_trylock(&lock), false);
	mutex_unlock(&lock);
}

static volatile int blocks_wrong;

static void allocate(void *arg)
{
	uint32_t *block[32] = { 0 };

	for (int n = 0; n < 1000; n++) {
		int i = n * 7 % 32;
		if (block[i]) {
			blocks_wrong += block[i][0] != (uint32_t)arg || block[i][3] != (uint32_t)n - 32;
			free(block[i]);
		}
		block[i] = malloc(n % 10 == 0 ? 5000 : 16 + n % 300);
		if (!block[i])
			panic("no memory");
		block[i][0] = (uint32_t)arg;
		block[i][3] = n;
	}
	for (int i = 0; i < 32; i++)
		free(block[i]);
}

static void heap(void)
{
	blocks_wrong = 0;
	all(allocate);
	expect("blocks that two threads were given", blocks_wrong, 0);
}

/* One dies with the heap's lock, or with ours: the others go on. */
static void hold_and_die(void *arg)
{
	USED(arg);
	mutex_lock(&lock);
	thread_exit();
}

static void abandoned_mutex(void)
{
	thread_join(begin(hold_and_die, 0));
	expect("locking what the dead has locked", mutex_lock(&lock), -E_BAD_ENV);
	mutex_unlock(&lock);
	expect("locking it again", mutex_lock(&lock), 0);
	mutex_unlock(&lock);
}

/* ---- Memory that one maps is everybody's ---- */

static void map_one(void *arg)
{
	int i = (int)arg;

	must(sys_page_alloc(0, (void *)PAGE_OF(i), OWN), "page_alloc");
	*PAGE_OF(i) = i + 1;
}

static void read_all(void *arg)
{
	for (int i = 0; i < NTHREADS; i++)
		seen[(int)arg] += *PAGE_OF(i) == (uint32_t)i + 1;
}

static void wait_for_go(void *arg);
static volatile bool go;

static void page_tables(void)
{
	envid_t early = begin(wait_for_go, 0); /* its directory is older than the page table */

	memset((void *)seen, 0, sizeof(seen));
	go = false;
	all(map_one);
	all(read_all);
	go = true;
	thread_join(early);
	expect("pages that an older thread sees", seen[0], 2 * NTHREADS);
	expect("pages that a later thread sees", seen[1], NTHREADS);
	expect("mappings of a page, by any number of threads", pageref((void *)FRESH), 1);
	for (int i = 0; i < NTHREADS; i++)
		must(sys_page_unmap(0, (void *)PAGE_OF(i)), "page_unmap");
}

static void wait_for_go(void *arg)
{
	while (!go)
		sys_yield();
	read_all(arg);
}

/* ---- Faults ---- */

/* It takes the place of fork()'s, so it must also do its work. */
static void map_it(struct UTrapframe *utf)
{
	void *va = (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE);
	int r = va >= (void *)FRESH && va < (void *)UTHREAD ? sys_page_alloc(0, va, OWN) : sys_page_own(va, OWN);

	must(r, "a handler");
}

static void fault(void *arg)
{
	for (int i = 0; i < 64; i++) {
		volatile uint32_t *page = FRESH + ((int)arg * 64 + i) * PGSIZE / 4;
		*page = i;
		seen[(int)arg] += *page == (uint32_t)i;
		sys_page_unmap(0, (void *)page);
	}
}

static void faults(void)
{
	memset((void *)seen, 0, sizeof(seen));
	set_pgfault_handler(map_it);
	all(fault);
	for (int i = 0; i < NTHREADS; i++)
		expect("faults that were handled", seen[i], 64);
}

/* ---- Messages ---- */

static void answer(void *arg)
{
	envid_t from;
	int32_t value = ipc_recv(&from, NULL, NULL);

	ipc_send(from, value + (int)arg, NULL, 0);
}

static void messages(void)
{
	envid_t id[NTHREADS], from;

	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(answer, i);
	for (int i = NTHREADS; i-- > 0;) {
		ipc_send(id[i], 100, NULL, 0);
		expect("an answer", ipc_recv(&from, NULL, NULL), 100 + i);
		expect("who answered", from, id[i]);
	}
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
}

/* ---- Pipes: how often a page is mapped does not depend on threads ---- */

static int ends[2];

static void write_pipe(void *arg)
{
	USED(arg);
	for (int i = 0; i < 200; i++)
		write(ends[1], "x", 1);
	close(ends[1]);
}

static void pipes(void)
{
	char buf[16];
	int total = 0, n;

	must(pipe(ends), "pipe");
	envid_t writer = begin(write_pipe, 0);
	while ((n = read(ends[0], buf, sizeof(buf))) > 0)
		total += n;
	expect("bytes through a pipe", total, 200);
	close(ends[0]);
	thread_join(writer);
}

/* ---- Fork ---- */

static volatile uint32_t copied[2 * PGSIZE / 4]; /* a whole page of it at least */
static volatile uint32_t *const page = (volatile uint32_t *)0x71000000;

static void in_child(void)
{
	expect("threads in a child", thisenv->env_leader_id, sys_getenvid());
	copied[0] = 3;
	*page = 3;
	COMMON[0] = 1;
}

static void fork_here(void *arg)
{
	USED(arg);
	COMMON[0] = 0;
	copied[0] = *page = 1;
	envid_t child = child_for(in_child);
	copied[0] = *page = 2;
	wait(child);
	expect("whether the child of a thread ran", COMMON[0], 1);
	expect("a variable that the child has written to its copy of", copied[0], 2);
	expect("a page that the child has written to its copy of", *page, 2);
}

static void fork_from_thread(void)
{
	must(sys_page_alloc(0, (void *)page, OWN), "page_alloc");
	thread_join(begin(fork_here, 0));
	fork_here(0);
	sys_page_unmap(0, (void *)page);
}

/* A child is the program's, whichever thread made it, as long as that lives. */
static volatile envid_t childs_id;

static void wait_for_end(void)
{
	for (;;)
		sys_yield();
}

static void make_child(void *arg)
{
	USED(arg);
	envid_t child = child_for(wait_for_end);
	childs_id = child;
	wait(child);
}

static void children_of_siblings(void)
{
	childs_id = 0;
	envid_t id = begin(make_child, 0);
	while (!childs_id)
		sys_yield();
	expect("ending a sibling's child", sys_env_destroy(childs_id), 0);
	thread_join(id);
}

/* Threads write to copy-on-write pages at the same time, each its own word: no word may be lost. */
static volatile bool stop;
static volatile int lost;

static void write_words(void *arg)
{
	volatile uint32_t *word = &page[(int)arg];

	for (uint32_t n = 1; !stop; n++) {
		*word = n;
		if (n % 64 == 0)
			sys_yield();
		lost += *word != n;
	}
}

static void nothing(void) {}

static void fork_beside_writers(void)
{
	envid_t id[NTHREADS];

	stop = false;
	lost = 0;
	must(sys_page_alloc(0, (void *)page, OWN), "page_alloc");
	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(write_words, i);
	for (int i = 0; i < 15; i++)
		wait(child_for(nothing));
	stop = true;
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
	expect("words that were lost beside fork()", lost, 0);
	sys_page_unmap(0, (void *)page);
}

/* What a child is given stands still, however its parent's threads go on. */
static void must_not_change(void)
{
	uint32_t then[NTHREADS];

	for (int i = 0; i < NTHREADS; i++)
		then[i] = page[i];
	for (int n = 0; n < 20; n++) {
		spin(20000);
		for (int i = 0; i < NTHREADS; i++)
			COMMON[1] += page[i] != then[i];
	}
}

static void children_of_writers(void)
{
	envid_t id[NTHREADS];

	stop = false;
	COMMON[1] = 0;
	must(sys_page_alloc(0, (void *)page, OWN), "page_alloc");
	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(write_words, i);
	for (int i = 0; i < 3; i++)
		wait(child_for(must_not_change));
	stop = true;
	for (int i = 0; i < NTHREADS; i++)
		thread_join(id[i]);
	expect("what changed in a child", COMMON[1], 0);
	sys_page_unmap(0, (void *)page);
}

/* ---- How a program of many threads ends ---- */

static void spin_for_ever(void *arg)
{
	USED(arg);
	COMMON[2]++;
	for (;;)
		cpu_relax();
}

static void block_for_ever(void *arg)
{
	USED(arg);
	COMMON[2]++;
	for (;;)
		ipc_recv(NULL, NULL, NULL);
}

static void exit_here(void *arg)
{
	USED(arg);
	exit();
}

static void fault_here(void *arg)
{
	USED(arg);
	*(volatile int *)0 = 1;
}

static void overflow(void *arg)
{
	volatile char room[THREAD_STACK];

	USED(arg);
	room[0] = 1;
	room[1] = room[0];
}

static void start_them(void)
{
	for (int i = 0; i < NTHREADS; i++)
		begin(i % 2 ? spin_for_ever : block_for_ever, i);
}

static void end_first(void)
{
	start_them();
	exit();
}

/* The child handles no faults: what fork() has set is taken back. */
static void end_by(void (*how)(void *arg))
{
	set_pgfault_handler(NULL);
	start_them();
	begin(how, 0);
	spin_for_ever(0);
}

static void end_by_exit(void) { end_by(exit_here); }
static void end_by_fault(void) { end_by(fault_here); }
static void end_by_overflow(void) { end_by(overflow); }

static void end_from_outside(void)
{
	start_them();
	spin_for_ever(0);
}

static void ends_of_programs(void)
{
	void (*const kinds[])(void) = { end_first, end_by_exit, end_by_fault, end_by_overflow };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint32_t before = living();
		wait(child_for(kinds[i]));
		expect("environments left by a program of threads", living(), before);
	}
	for (int i = 0; i < 4; i++) {
		COMMON[2] = 0;
		envid_t child = child_for(end_from_outside);
		while (i && COMMON[2] < NTHREADS)
			sys_yield();
		end_child(child);
	}
}

/* ---- Ending single threads ---- */

static void ends_of_threads(void)
{
	envid_t id[NTHREADS];

	COMMON[2] = 0;
	for (int i = 0; i < NTHREADS; i++)
		id[i] = begin(i % 2 ? spin_for_ever : block_for_ever, i);
	while (COMMON[2] < NTHREADS)
		sys_yield();
	for (int i = 0; i < NTHREADS; i++) {
		expect("destroying a thread", sys_env_destroy(id[i]), 0);
		thread_join(id[i]);
		expect("destroying it again", sys_env_destroy(id[i]), -E_BAD_ENV);
	}
}

static void work(void)
{
	identities();
	stacks();
	counting();
	heap();
	abandoned_mutex();
	page_tables();
	faults();
	messages();
	pipes();
	fork_from_thread();
	children_of_siblings();
	fork_beside_writers();
	children_of_writers();
	ends_of_programs();
	ends_of_threads();
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "threads";
	make_common();
	without_leak("free pages lost", work);
	conclude();
}
