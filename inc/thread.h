/* SPDX-License-Identifier: MIT */
/*
 * Threads: environments that share one program's memory (lib/thread.c), and a lock for what they share (lib/mutex.c).
 *
 * A thread has an id like any env: it can be sent messages, waited for, stopped and destroyed by that id. It runs on any
 * CPU, at the same time as its siblings. Descriptors, the heap and children belong to the program; malloc and the calls
 * on descriptors may be made by several threads at once, but two that read one descriptor share its offset.
 *
 * From UTHREAD to UTOP each thread has pages of its own, at the same addresses. So a pointer to a variable on the stack
 * means something else to another thread: what is to be shared is static, or comes from malloc.
 *
 *   UTOP             +------------------------------+
 *                    |  exception stack             |  PGSIZE
 *                    |  (unmapped)                  |
 *   USTACKTOP        +------------------------------+
 *                    |  stack, growing down         |  THREAD_STACK bytes; a program's first thread has one page
 *                    ~  (unmapped)                  ~
 *                    |  THREAD_LOCAL variables      |
 *   UTHREAD + 16 KB  +------------------------------+
 *                    |  libjos's own                |  lib/private.h
 *   UTHREAD          +------------------------------+
 *
 * When the first thread ends, the program does, and all threads with it; so it does when a thread faults. exit() in any
 * thread means the program's end; a thread that is done returns, or calls thread_exit().
 *
 * fork() copies the calling thread only. The child's memory is copied page by page, each as it was at one moment of that
 * call, while the siblings go on: what they change meanwhile may be half there, unless the caller holds the mutex that
 * guards it. The child finds libjos's own data in order.
 */
#ifndef JOS_INC_THREAD_H
#define JOS_INC_THREAD_H

#include <inc/env.h>

#define THREAD_STACK (8 * PGSIZE)

/* A static variable of which each thread has its own, zero at first: static THREAD_LOCAL int depth; */
#define THREAD_LOCAL __attribute__((section(".thread,\"aw\",@nobits#")))

/*
 * A new thread that calls fn(arg) and then ends. 0, and its id in *id_store unless that is NULL; or -E_NO_FREE_ENV,
 * -E_NO_MEM. Its page faults go to the program's handler if the caller's do.
 */
int thread_create(void (*fn)(void *arg), void *arg, envid_t *id_store);
int thread_join(envid_t id);                            /* returns when it has ended; -E_INVAL for the caller itself */
void thread_exit(void) __attribute__((noreturn));       /* in the first thread: exit() */

/*
 * A mutex, for threads of one program; all zeros is free. Not recursive. mutex_lock spins for a while, then yields. If the
 * owner was destroyed, or if it was copied by fork() from a program that held it, the next one gets it, and -E_BAD_ENV
 * says that what it guards may be half changed; otherwise 0.
 */
struct mutex {
	volatile envid_t owner;
};

int mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
