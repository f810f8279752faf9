/* SPDX-License-Identifier: MIT */
/*
 * Threads inside one environment, each with a stack of its own. They take turns by themselves: a thread runs until it
 * waits. The environment's first stack is no thread; it runs the threads (thread_run), and must not wait.
 */
#ifndef JOS_NET_THREAD_H
#define JOS_NET_THREAD_H

#include <inc/env.h>
#include <inc/types.h>

struct thread;

/* Threads that wait for something, first come, first served. */
struct waitq {
	struct thread *first, *last;
};

typedef void (*thread_fn)(void *arg); /* must not return */

struct thread *thread_start(thread_fn fn, void *arg); /* NULL when memory is out */
struct thread *thread_self(void);                     /* NULL on the first stack */

void thread_run(void);              /* until all threads wait */
void thread_tick(uint32_t now_ms);  /* those whose time is over go on, and those whose client is gone */

enum { THREAD_WOKEN, THREAD_TIMED_OUT, THREAD_CANCELLED };
int thread_wait(struct waitq *q, uint32_t until_ms); /* 0: without end. THREAD_x */
bool thread_wake(struct waitq *q);                   /* the first of them goes on; false if there is none */

/*
 * This thread works for a program. If that is gone, waits end with THREAD_CANCELLED while thread_may_cancel holds:
 * instead of being woken, or at the next thread_tick.
 */
void thread_works_for(envid_t client);
void thread_may_cancel(bool yes);

struct sys_sem *thread_sem(struct thread *t); /* lwIP's, one for each thread */

#endif
