/* SPDX-License-Identifier: MIT */
/*
 * What the threads of a program share in libix is the send heap and the table of received pieces; everything else is
 * THREAD_LOCAL. A lock costs a program with a single thread one comparison.
 */
#ifndef JOS_LIB_IX_SHARED_H
#define JOS_LIB_IX_SHARED_H

#include <inc/thread.h>

extern bool ix_shared; /* there are several threads, or may soon be: set before the second one starts */
extern THREAD_LOCAL bool ix_is_sibling; /* not the first thread: started by ix_start_threads */
extern struct mutex ix_heap_mutex;
extern size_t (*ix_heap_granted)(void); /* how large the heap is now; asked when it is used up. NULL: as it was at first */

/* 0; or -E_BAD_ENV: it is locked, and what it guards may be half changed, for the thread that had it was destroyed. */
static inline int lock_if_shared(struct mutex *m)
{
	return ix_shared ? mutex_lock(m) : 0;
}

static inline void unlock_if_shared(struct mutex *m)
{
	if (ix_shared)
		mutex_unlock(m);
}

#endif
