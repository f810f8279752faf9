/* SPDX-License-Identifier: MIT */
/*
 * Threads inside one environment, each with a stack of its own. They take turns by themselves: a thread runs until it
 * waits. The environment's first stack is no thread; it runs the threads (thread_run), and must not wait.
 */
#ifndef JOS_NET_THREAD_H
#define JOS_NET_THREAD_H

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
void thread_tick(uint32_t now_ms);  /* those whose time is over go on */

enum { THREAD_WOKEN, THREAD_TIMED_OUT, THREAD_CANCELLED };
int thread_wait(struct waitq *q, uint32_t until_ms); /* 0: without end. THREAD_x */
bool thread_wake(struct waitq *q);                   /* the first of them goes on; false if there is none */

/* The thread waits for something that may never come: its thread_wait returns THREAD_CANCELLED if it is in `may`. */
void thread_cancel(struct thread *t);
void thread_may_cancel(bool yes); /* for this thread's next wait */

struct sys_sem *thread_sem(struct thread *t); /* lwIP's, one for each thread */

#endif
