/* SPDX-License-Identifier: MIT */
/*
 * A thread of a program on the dataplane is destroyed while it has one of libix's locks. Its siblings neither hang nor work on
 * with what may be half changed: the send heap gives no more memory, and the key-value store's program ends, with a CPU for
 * the next one. A thread that ends between its calls takes nothing along.
 */
#include <user/hostile.h>
#include <inc/ixev.h>
#include <inc/kv_server.h>
#include <lib/ix/kv_conn.h>

enum { LIMIT = 1 << 20, ROUNDS = 20 };
#define STEP COMMON[0]
#define SEEN COMMON[1]
#define ROUND COMMON[2]

static volatile bool locked;
static struct mutex *lock;

static void attach(void)
{
	int r = -E_NO_CPU;

	ixev_init(kv_server(0));
	for (int i = 0; i < 1000 && r < 0; i++) { /* the last one's CPU may not be back yet */
		if ((r = ixev_attach(IX_ANY_CPU, &(struct ix_config){ .heap_size = IX_HEAP_UNIT })) < 0)
			sleep_ms(1);
	}
	expect("attach", r, 0);
}

static void allocate_for_ever(void)
{
	for (;;)
		ix_free(ix_alloc(100));
}

static void take_and_spin(void)
{
	mutex_lock(lock);
	locked = true;
	for (;;)
		cpu_relax();
}

/* The sibling that has begun last; ix_start_threads does not say which. */
static envid_t sibling(void)
{
	for (int i = 0; i < NENV; i++) {
		if (envs[i].env_status != ENV_FREE && envs[i].env_leader_id == thisenv->env_id && envs[i].env_id != thisenv->env_id)
			return envs[i].env_id;
	}
	return 0;
}

static void destroy_sibling(void)
{
	envid_t id = sibling();

	expect("destroying the sibling", sys_env_destroy(id), 0);
	thread_join(id);
}

static void with_lock(struct mutex *m)
{
	lock = m;
	locked = false;
	ix_start_threads(2, take_and_spin);
	while (!locked)
		sys_run_io(0, 1000);
	destroy_sibling();
}

/* ---- The heap ---- */

static void heap_of_the_dead(void)
{
	struct ix_heap_stat stat;
	attach();
	void *block = ix_alloc(100);
	expect("memory before", block != NULL, true);
	with_lock(&ix_heap_mutex);
	expect("memory after", ix_alloc(100) != NULL, false);
	expect("much memory after", ix_alloc(100000) != NULL, false);
	expect("giving back", ix_free(block), 0);
	ix_heap_stat(&stat);
	expect("what can be had", stat.unused, 0);
	expect("the kernel goes on", sys_run_io(0, 0), 0);
	SEEN += failures;
	STEP++;
}

/* Wherever it is in ix_alloc and ix_free: either memory is out, or all is as it was. */
static void heap_at_any_moment(void)
{
	attach();
	ix_start_threads(2, allocate_for_ever);
	while (!sibling())
		sys_yield();
	spin(any(2000000) + ROUND * 1000);
	destroy_sibling();
	char *a = ix_alloc(100), *b = ix_alloc(100);
	expect("all or nothing", !a == !b, true);
	expect("two blocks are two", a != b || !a, true);
	SEEN += failures;
	STEP++;
}

/* ---- The store: its clock takes the lock once a second ---- */

static void store_of_the_dead(void)
{
	attach();
	expect("the store", kv_server_start(LIMIT, 0), 0);
	with_lock(&kv_mutex);
	SEEN += failures;
	STEP++;
	while (ixev_wait() >= 0)
		;
	SEEN++; /* not to be reached */
}

static void in_child(void (*job)(void))
{
	STEP = 0;
	wait(child_for(job));
	expect("it got to its end", STEP, 1);
}

static void orphans(void)
{
	in_child(heap_of_the_dead);
	for (ROUND = 0; ROUND < ROUNDS; ROUND++)
		in_child(heap_at_any_moment);
	in_child(store_of_the_dead);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "ixorphan";
	make_common();
	without_leak("free pages lost", orphans);
	expect("what went wrong in children", SEEN, 0);
	conclude();
}
