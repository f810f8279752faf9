/* SPDX-License-Identifier: MIT */
/* A parent stops and starts its children, whatever they are doing: stopped is stopped, and started goes on. */
#include <user/hostile.h>
#include <inc/thread.h>

#define ROUNDS 120
#define CHILDREN 6
#define COUNT(i) COMMON[(i)]
#define MOVED COMMON[100]
#define RESULT COMMON[101]
#define TWIN(i) ((volatile envid_t *)COMMON)[102 + (i)]

static int place;

static void count(void)
{
	for (;;)
		COUNT(place)++;
}

static void count_and_call(void)
{
	for (;;) {
		COUNT(place)++;
		sys_getenvid();
	}
}

static void count_and_yield(void)
{
	for (;;) {
		COUNT(place)++;
		sys_yield();
	}
}

static void count_and_sleep(void)
{
	for (;;) {
		COUNT(place)++;
		sleep_ms(1);
	}
}

static void (*const jobs[])(void) = { count, count_and_call, count_and_yield, count_and_sleep };

static void must_go_on(int i)
{
	uint32_t then = COUNT(i);
	uint32_t end = sys_time_msec() + 5000;

	while (COUNT(i) == then && sys_time_msec() < end)
		sys_yield();
	if (COUNT(i) == then)
		expect("a child that was started", 0, 1);
}

static void must_stand_still(int i)
{
	uint32_t then = COUNT(i);

	spin(20000);
	if (COUNT(i) != then)
		expect("a child that was stopped", 1, 0);
}

static void stop(envid_t child) { expect("stopping", sys_env_set_status(child, ENV_NOT_RUNNABLE), 0); }
static void start(envid_t child) { expect("starting", sys_env_set_status(child, ENV_RUNNABLE), 0); }

static void storm(void)
{
	envid_t child[CHILDREN];

	for (place = 0; place < CHILDREN; place++)
		child[place] = child_for(jobs[place % ARRAY_SIZE(jobs)]);
	for (int round = 0; round < ROUNDS; round++) {
		int i = any(CHILDREN);
		spin(any(30000));
		stop(child[i]);
		if (round % 4 == 0)
			must_stand_still(i);
		if (round % 8 == 1)
			stop(child[i]);
		start(child[i]);
		if (round % 16 == 2)
			start(child[i]);
		if (round % 32 == 0)
			must_go_on(i);
	}
	for (int i = 0; i < CHILDREN; i++) {
		if (any(2))
			stop(child[i]);
		end_child(child[i]);
	}
}

/* ---- Another life for a child that was stopped ---- */

static void elsewhere(void)
{
	MOVED = 1;
	for (;;)
		COUNT(place)++;
}

static void move(void)
{
	struct Trapframe tf;

	for (place = 0; place < 8; place++) {
		envid_t child = child_for(count);
		MOVED = 0;
		must_go_on(place);
		tf = envs[ENVX(child)].env_tf;
		tf.tf_eip = (uintptr_t)elsewhere;
		if (sys_env_set_trapframe(child, &tf) == 0) { /* it was not running at the moment */
			must_go_on(place);
			expect("whether it went elsewhere at once", MOVED, 1);
		}
		stop(child);
		MOVED = 0;
		tf.tf_eflags |= FL_IOPL_3 | FL_TF | FL_NT;
		expect("set_trapframe", sys_env_set_trapframe(child, &tf), 0);
		start(child);
		must_go_on(place);
		expect("whether it went elsewhere", MOVED, 1);
		end_child(child);
	}
}

/* ---- Stopping ends what a child waits for ---- */

static void receive(void)
{
	COUNT(0)++;
	RESULT = sys_ipc_recv((void *)UTOP);
	COUNT(0)++;
}

static void send(void)
{
	COUNT(0)++;
	RESULT = sys_ipc_send(thisenv->env_parent_id, 0, (void *)UTOP, 0);
	COUNT(0)++;
}

static void interrupt_ipc(void (*job)(void))
{
	envid_t child;

	COUNT(0) = 0;
	child = child_for(job);
	while (COUNT(0) == 0 || envs[ENVX(child)].env_status != ENV_NOT_RUNNABLE)
		sys_yield();
	stop(child);
	expect("a message for one that is stopped", sys_ipc_try_send(child, 0, (void *)UTOP, 0), -E_IPC_NOT_RECV);
	sleep_ms(2);
	expect("what it did meanwhile", COUNT(0), 1);
	start(child);
	wait(child);
	expect("what it did in the end", COUNT(0), 2);
	expect("what its call returned", RESULT, -E_IPC_NOT_RECV);
}

static void interrupt_all(void)
{
	for (int i = 0; i < 8; i++) {
		interrupt_ipc(receive);
		interrupt_ipc(send);
	}
}

/* Stop itself: the parent starts it again. */
static void stop_oneself(void)
{
	for (int i = 0; i < 50; i++) {
		COUNT(0)++;
		sys_env_set_status(0, ENV_NOT_RUNNABLE);
	}
}

static void start_again(void)
{
	COUNT(0) = 0;
	envid_t child = child_for(stop_oneself);

	while (envs[ENVX(child)].env_id == child && envs[ENVX(child)].env_status != ENV_FREE) {
		sys_env_set_status(child, ENV_RUNNABLE);
		sys_yield();
	}
	expect("how often it stopped itself", COUNT(0), 50);
}

/* ---- Stopped on its way into a call that waits ---- */

static void receive_often(void)
{
	for (;;)
		sys_ipc_recv((void *)UTOP);
}

static void stop_on_the_way(void)
{
	envid_t child = child_for(receive_often);
	int heard = 0;

	for (int round = 0; round < 2000; round++) {
		start(child);
		spin(any(60000));
		stop(child);
		heard += sys_ipc_try_send(child, 0, (void *)UTOP, 0) == 0;
	}
	expect("how often one that was stopped got a message", heard, 0);
	end_child(child);
}

/* ---- Two threads that stop each other, and a third that starts them ---- */

static void stop_the_twin(void *arg)
{
	int i = (int)arg;

	while (!TWIN(1 - i))
		sys_yield();
	for (int n = 0; n < 1000; n++)
		sys_env_set_status(TWIN(1 - i), ENV_NOT_RUNNABLE);
}

/* Whether one is left. */
static bool start_twins(void)
{
	bool first = sys_env_set_status(TWIN(0), ENV_RUNNABLE) == 0;

	return sys_env_set_status(TWIN(1), ENV_RUNNABLE) == 0 || first;
}

static void be_three(void)
{
	envid_t id;

	for (int i = 0; i < 2; i++) {
		expect("thread_create", thread_create(stop_the_twin, (void *)i, &id), 0);
		TWIN(i) = id;
	}
	while (start_twins())
		sys_yield();
}

static void stop_each_other(void)
{
	TWIN(0) = TWIN(1) = 0;
	wait(child_for(be_three));
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "stopstorm";
	make_common();
	without_leak("free pages lost", storm);
	without_leak("free pages lost by moving", move);
	without_leak("free pages lost by interrupting", interrupt_all);
	without_leak("free pages lost by stopping oneself", start_again);
	without_leak("free pages lost on the way", stop_on_the_way);
	without_leak("free pages lost by two that stop each other", stop_each_other);
	conclude();
}
