/* SPDX-License-Identifier: MIT */
/* lwIP's semaphores and mailboxes, on the threads of net/thread.h. A mutex is a semaphore; nothing else waits. */
#ifndef JOS_NET_LWIP_ARCH_SYS_ARCH_H
#define JOS_NET_LWIP_ARCH_SYS_ARCH_H

#include <net/thread.h>

typedef struct sys_sem {
	bool valid;
	uint32_t count;
	struct waitq waiters;
} sys_sem_t;

/* A ring that doubles when it is full: [head, tail), free-running; size is a power of two, or 0 before the first word. */
typedef struct sys_mbox {
	bool valid;
	uint32_t size, head, tail;
	void **ring;
	struct waitq readers;
} sys_mbox_t;

typedef struct thread *sys_thread_t;

#define sys_sem_valid(sem) ((sem) && (sem)->valid)
#define sys_sem_set_invalid(sem) ((sem)->valid = false)
#define sys_mbox_valid(mbox) ((mbox) && (mbox)->valid)
#define sys_mbox_set_invalid(mbox) ((mbox)->valid = false)

#endif
