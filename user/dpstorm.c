/* SPDX-License-Identifier: MIT */
/*
 * CPUs are reserved and given back while others run there, and programs are stopped and ended on both kinds of CPU at
 * any moment. It wants a NIC and two CPUs or more.
 */
#include <user/hostile.h>
#include <inc/ix.h>

#define ROUNDS 4
#define RUNNERS 5
#define DATAPLANES 3
#define CHILDREN (RUNNERS + DATAPLANES)
#define COUNT(i) COMMON[(i)]
#define BAD COMMON[100]
#define ATTACHED COMMON[101]

static int place;

static void count(void)
{
	for (;;)
		COUNT(place)++;
}

/* The NIC or the last CPU may be somebody else's at the moment. */
static void attach(void)
{
	struct ix_config config = { .heap_size = IX_HEAP_UNIT };
	int r;

	while ((r = sys_dp_attach(IX_ANY_CPU, &config)) < 0) {
		if (r != -E_NO_QUEUE && r != -E_NO_CPU)
			BAD++;
		sleep_ms(1);
	}
	ATTACHED++;
}

static void serve(void)
{
	attach();
	for (;;)
		if (sys_run_io(0, 1000) < 0)
			BAD++;
}

static void wait_attached(void)
{
	attach();
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void call_attached(void)
{
	attach();
	for (;;) {
		sys_run_io(0, 0);
		sys_yield();
		sys_page_alloc(0, (void *)0x50000000, OWN);
	}
}

static void come_and_go(void)
{
	for (;;) {
		attach();
		sys_run_io(0, 100);
		if (sys_dp_detach() < 0)
			BAD++;
	}
}

static void leave_at_once(void) { attach(); }

static void (*const jobs[])(void) = { serve, wait_attached, call_attached, come_and_go, leave_at_once };

static void disturb(envid_t child)
{
	if (envs[ENVX(child)].env_id != child)
		return;
	sys_env_set_status(child, ENV_NOT_RUNNABLE);
	spin(any(100000));
	sys_env_set_status(child, ENV_RUNNABLE);
}

static void storm(void)
{
	envid_t child[CHILDREN];

	for (place = 0; place < CHILDREN; place++)
		child[place] = child_for(place < RUNNERS ? count : jobs[any(ARRAY_SIZE(jobs))]);
	for (int i = 0; i < 20; i++) {
		spin(any(2000000));
		disturb(child[any(CHILDREN)]);
	}
	for (int n = CHILDREN; n > 0; n--) {
		int i = any(n);
		sys_env_destroy(child[i]);
		spin(any(300000));
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

/* All CPUs are shared again, and all of those who run get on. */
static void share_time(void)
{
	envid_t child[CHILDREN];
	int starved = 0;

	for (place = 0; place < CHILDREN; place++) {
		COUNT(place) = 0;
		child[place] = child_for(count);
	}
	sleep_ms(500);
	for (int i = 0; i < CHILDREN; i++)
		starved += COUNT(i) == 0;
	for (int i = 0; i < CHILDREN; i++)
		end_child(child[i]);
	expect("how many got no time", starved, 0);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "dpstorm";
	make_common();
	without_leak("free pages lost", storms);
	share_time();
	expect("calls that failed", BAD, 0);
	expect("whether anybody had a dataplane", ATTACHED > 0, true);
	conclude();
}
