/* SPDX-License-Identifier: MIT */
/*
 * Children die at any moment: while they run on another CPU, wait, fault, fork, map pages. Nothing of them may be left,
 * and every CPU must go on sharing its time afterwards.
 */
#include <user/hostile.h>

#define ROUNDS 6
#define CHILDREN 16
#define SPINNERS 20
#define SCRATCH ((char *)0x50000000)
#define COUNT(i) COMMON[64 + (i)]

/* ---- What children do until they are ended ---- */

static void run(void)
{
	for (;;)
		cpu_relax();
}

static void yield(void)
{
	for (;;)
		sys_yield();
}

static void receive(void)
{
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void send_to_parent(void)
{
	for (;;)
		sys_ipc_send(thisenv->env_parent_id, 0, (void *)COMMON, READ);
}

static void sleep(void)
{
	for (;;)
		sleep_ms(1);
}

static void wait_for_parent(void) { wait(thisenv->env_parent_id); }

static void map_it(struct UTrapframe *utf)
{
	sys_page_alloc(0, (void *)ROUNDDOWN(utf->utf_fault_va, PGSIZE), OWN);
}

static void fault(void)
{
	set_pgfault_handler(map_it);
	for (int i = 0;; i = (i + 1) % 1024) {
		SCRATCH[i * PGSIZE] = 1;
		sys_page_unmap(0, SCRATCH + i * PGSIZE);
	}
}

static void fault_in_handler(struct UTrapframe *utf)
{
	static int depth;

	map_it(utf);
	if (++depth % 8)
		SCRATCH[(depth % 512) * PTSIZE / 8] = 1;
}

static void fault_deeply(void)
{
	set_pgfault_handler(fault_in_handler);
	for (int i = 0;; i = (i + 1) % 64) {
		SCRATCH[i * PTSIZE] = 1;
		sys_page_unmap(0, SCRATCH + i * PTSIZE);
	}
}

static void do_fork(void)
{
	for (;;) {
		envid_t child = fork();
		if (child == 0)
			sys_env_destroy(0);
		wait(child);
	}
}

static void exofork(void)
{
	for (;;) {
		envid_t child = sys_exofork();
		if (child == 0)
			continue;
		sys_page_map(0, (void *)COMMON, child, SCRATCH, READ);
		sys_env_destroy(child);
	}
}

static void end_at_once(void) {}

static void read_clock(void)
{
	for (;;)
		sys_time_msec();
}

static void (*const jobs[])(void) = {
	run, yield, receive, send_to_parent, sleep, wait_for_parent, fault, fault_deeply, do_fork, exofork, end_at_once,
	read_clock,
};

/* ---- The storm ---- */

static void storm(void)
{
	envid_t child[CHILDREN];

	for (int i = 0; i < CHILDREN; i++)
		child[i] = child_for(jobs[(i + any(2)) % ARRAY_SIZE(jobs)]);
	for (int n = CHILDREN; n > 0; n--) {
		int i = any(n);
		spin(any(300000));
		sys_env_destroy(child[i]);
		if (any(2))
			wait(child[i]);
		child[i] = child[n - 1];
	}
	while (living() > 1)
		sleep_ms(1);
}

static void storms(void)
{
	for (int i = 0; i < ROUNDS; i++)
		storm();
}

/* ---- Many who wait for one ---- */

static envid_t awaited;

static void wait_for_it(void)
{
	wait(awaited);
	if (envs[ENVX(awaited)].env_id == awaited && envs[ENVX(awaited)].env_status != ENV_FREE)
		COMMON[1]++;
}

static void wait_storm(void)
{
	awaited = child_for(run);
	COMMON[1] = 0;
	for (int i = 0; i < CHILDREN; i++)
		child_for(wait_for_it);
	spin(any(1000000));
	sys_env_destroy(awaited);
	wait_for_it();
	while (living() > 1)
		sleep_ms(1);
	expect("how many were let go too early", COMMON[1], 0);
}

/* ---- Afterwards: more who run than there are CPUs, and all must get on ---- */

static int place;

static void count(void)
{
	for (;;)
		COUNT(place)++;
}

static void share_time(void)
{
	envid_t child[SPINNERS];
	int starved = 0;

	for (place = 0; place < SPINNERS; place++)
		child[place] = child_for(count);
	for (int i = 0; i < SPINNERS; i++)
		COUNT(i) = 0;
	sleep_ms(1000);
	for (int i = 0; i < SPINNERS; i++)
		starved += COUNT(i) == 0;
	for (int i = 0; i < SPINNERS; i++)
		end_child(child[i]);
	expect("how many got no time", starved, 0);
}

/* With an argument: wait for a key that nobody takes, so that the grader can see whether the machine idles. */
void umain(int argc, char **argv)
{
	USED(argv);
	binaryname = "killstorm";
	make_common();
	without_leak("free pages lost", storms);
	without_leak("free pages lost by waiting", wait_storm);
	share_time();
	conclude();
	while (argc > 1) {
		sys_cons_wait();
		sys_cgetc();
	}
}
