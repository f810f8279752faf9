/* SPDX-License-Identifier: MIT */
/*
 * What libjos keeps for each thread, and its locks. The first thread of a program has no struct thread_page: its variables
 * are ordinary ones, so that programs without threads need no page for this, and an environment may be put together by
 * sys_exofork and a few pages, as dumbfork does. Whether the page is there tells which kind the caller is.
 *
 *   UTHREAD               struct thread_page
 *           + PGSIZE      requests to the file server and the network server
 *           + 2 * PGSIZE  for a moment: a page under way to another environment
 */
#ifndef JOS_LIB_PRIVATE_H
#define JOS_LIB_PRIVATE_H

#include <inc/lib.h>
#include <lib/pagewalk.h>

struct thread_page {
	const volatile struct Env *env; /* what thisenv stands for */
	void (*fn)(void *arg);
	void *arg;
};

#define THREAD_PAGE ((struct thread_page *)UTHREAD)
#define THREAD_REQUEST ((void *)(UTHREAD + PGSIZE))
#define THREAD_SCRATCH ((void *)(UTHREAD + 2 * PGSIZE))
#define EXCEPTION_STACK ((void *)(UXSTACKTOP - PGSIZE))

static inline bool has_thread_page(void) { return is_mapped(THREAD_PAGE); }

/* The page for this thread's requests; `first` is the first thread's. */
static inline void *request_page(void *first) { return has_thread_page() ? THREAD_REQUEST : first; }

/*
 * locks.c: in the order in which they are taken. fork() holds all of them, so that what they guard is in order in the
 * child, where locks_reset() frees them.
 */
extern struct mutex threads_lock; /* making threads, and their upcalls */
extern struct mutex fds_lock;     /* which descriptors are in use */
extern struct mutex heap_lock;    /* malloc.c, arena.c */

bool heap_take(void); /* heap_lock. False: a thread was destroyed in the middle of malloc or free, and nothing is sure */
void locks_take(void);
void locks_release(void);
void locks_reset(void);

int fds_unlock(int r); /* fd.c: gives up fds_lock; r */

/* thread.c: whoever writes to a page that fork() has marked must find a handler: see to it for all other threads. */
int threads_set_upcall(void *upcall);

#endif
