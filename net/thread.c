/* SPDX-License-Identifier: MIT */
/*
 * Threads: contract in thread.h. Each has STACK_STRIDE bytes of address space, of which the upper part is its stack and the
 * rest stays unmapped, so that a stack that overflows faults. Threads never end.
 */
#include <inc/lib.h>
#include <net/layout.h>
#include <net/thread.h>

#include "lwip/sys.h"

enum {
	STACK_SIZE = 2 * PGSIZE,
	STACK_STRIDE = 4 * PGSIZE,
	THREADS_MAX = NS_STACKS_SIZE / STACK_STRIDE,
};

struct thread {
	uint32_t esp;          /* while it does not run */
	struct thread *next;   /* behind it in its queue */
	struct waitq *waits;   /* where it waits, or NULL */
	uint32_t until_ms;     /* 0: without end */
	int outcome;           /* THREAD_x, of its last wait */
	envid_t client;        /* 0: none */
	bool cancellable;      /* its waits end when the client is gone */
	thread_fn fn;
	void *arg;
	sys_sem_t sem;
};

void thread_switch(uint32_t *save_esp, uint32_t load_esp);

static struct thread *threads[THREADS_MAX];
static int nthreads;
static struct waitq ready;
static struct thread *current;
static uint32_t main_esp;

static void append(struct waitq *q, struct thread *t)
{
	t->next = NULL;
	*(q->last ? &q->last->next : &q->first) = t;
	q->last = t;
}

static void unlink(struct waitq *q, struct thread *t)
{
	struct thread *before = NULL;

	for (struct thread *at = q->first; at != t; at = at->next)
		before = at;
	*(before ? &before->next : &q->first) = t->next;
	if (q->last == t)
		q->last = before;
}

static void begin(void)
{
	current->fn(current->arg);
	panic("a thread has ended");
}

/* The frame that thread_switch finds when it comes here for the first time: four registers, and where to begin. */
static void prepare_stack(struct thread *t, uint32_t top)
{
	uint32_t *frame = (uint32_t *)top - 6;

	memset(frame, 0, 6 * sizeof(*frame));
	frame[4] = (uint32_t)begin;
	t->esp = (uint32_t)frame;
}

static int map_stack(uint32_t bottom)
{
	for (uint32_t va = bottom; va < bottom + STACK_SIZE; va += PGSIZE) {
		int r = sys_page_alloc(0, (void *)va, PTE_P | PTE_U | PTE_W);
		if (r < 0)
			return r;
	}
	return 0;
}

struct thread *thread_start(thread_fn fn, void *arg)
{
	uint32_t top = NS_STACKS + (nthreads + 1) * STACK_STRIDE;

	if (nthreads == THREADS_MAX || map_stack(top - STACK_SIZE) < 0)
		return NULL;
	struct thread *t = malloc(sizeof(*t));
	if (!t)
		return NULL;
	*t = (struct thread){ .fn = fn, .arg = arg, .sem.valid = true };
	prepare_stack(t, top);
	threads[nthreads++] = t;
	append(&ready, t);
	return t;
}

struct thread *thread_self(void) { return current; }

struct sys_sem *thread_sem(struct thread *t) { return &t->sem; }

/* Threads hand over to each other; the last one that could run hands back. */
static void leave(uint32_t *save_esp)
{
	current = ready.first;
	if (current)
		unlink(&ready, current);
	thread_switch(save_esp, current ? current->esp : main_esp);
}

void thread_run(void)
{
	if (ready.first)
		leave(&main_esp);
}

static void end_wait(struct thread *t, int outcome)
{
	unlink(t->waits, t);
	t->waits = NULL;
	t->outcome = outcome;
	append(&ready, t);
}

/* Its client does not live any more, and the thread said that then it need not wait. */
static bool is_pointless(const struct thread *t)
{
	const volatile struct Env *e = &envs[ENVX(t->client)];

	return t->cancellable && t->client &&
	       (e->env_id != t->client || e->env_status == ENV_FREE || e->env_status == ENV_DYING);
}

int thread_wait(struct waitq *q, uint32_t until_ms)
{
	struct thread *t = current;

	if (!t)
		panic("the first stack must not wait");
	t->waits = q;
	t->until_ms = until_ms;
	append(q, t);
	leave(&t->esp);
	return is_pointless(t) ? THREAD_CANCELLED : t->outcome;
}

bool thread_wake(struct waitq *q)
{
	if (!q->first)
		return false;
	end_wait(q->first, THREAD_WOKEN);
	return true;
}

void thread_tick(uint32_t now_ms)
{
	for (int i = 0; i < nthreads; i++) {
		struct thread *t = threads[i];
		bool late = t->until_ms && (int32_t)(now_ms - t->until_ms) >= 0;

		if (t->waits && (late || is_pointless(t)))
			end_wait(t, THREAD_TIMED_OUT);
	}
}

void thread_works_for(envid_t client) { current->client = client; }

void thread_may_cancel(bool yes) { current->cancellable = yes; }
