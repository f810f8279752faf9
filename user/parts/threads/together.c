/* SPDX-License-Identifier: MIT */
/* Threads that work together, by locks, by messages, through pipes. */
#include "threads.h"

#define MANY 2000

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

void counting(void)
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

void heap(void)
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

void abandoned_mutex(void)
{
	thread_join(begin(hold_and_die, 0));
	expect("locking what the dead has locked", mutex_lock(&lock), -E_BAD_ENV);
	mutex_unlock(&lock);
	expect("locking it again", mutex_lock(&lock), 0);
	mutex_unlock(&lock);
}

/* ---- Messages ---- */

static void answer(void *arg)
{
	envid_t from;
	int32_t value = ipc_recv(&from, NULL, NULL);

	ipc_send(from, value + (int)arg, NULL, 0);
}

void messages(void)
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

void pipes(void)
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
