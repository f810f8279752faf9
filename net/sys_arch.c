/* SPDX-License-Identifier: MIT */
/* What lwIP asks of an operating system: semaphores, mailboxes, threads and time, by the server's own threads. */
#include <inc/lib.h>
#include <net/isn.h>
#include <net/thread.h>

#include "lwip/opt.h"

#include "lwip/mem.h"
#include "lwip/priv/api_msg.h"
#include "lwip/sys.h"

int errno;

extern const u8_t netconn_aborted; /* lwIP's api_msg.c: a message that stands for "the connection was aborted" */

void sys_init(void)
{
	isn_init();
}

u32_t sys_now(void) { return sys_time_msec(); }

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn fn, void *arg, int stack_size, int priority)
{
	(void)name, (void)stack_size, (void)priority;
	struct thread *t = thread_start(fn, arg);
	if (!t)
		panic("no memory for lwIP's thread");
	return t;
}

struct sys_sem *net_thread_sem(void) { return thread_sem(thread_self()); }

/* ---- Semaphores ---- */

err_t sys_sem_new(sys_sem_t *sem, u8_t count)
{
	*sem = (sys_sem_t){ .valid = true, .count = count };
	return ERR_OK;
}

void sys_sem_free(sys_sem_t *sem)
{
	sem->valid = false;
}

void sys_sem_signal(sys_sem_t *sem)
{
	sem->count++;
	thread_wake(&sem->waiters);
}

/* A time limit in ms from now (0: none) as a point in time, which is never 0. */
static uint32_t deadline(u32_t timeout)
{
	uint32_t at = timeout ? sys_now() + timeout : 0;

	return timeout && at == 0 ? 1 : at;
}

u32_t sys_arch_sem_wait(sys_sem_t *sem, u32_t timeout)
{
	uint32_t until = deadline(timeout);

	while (sem->count == 0)
		if (thread_wait(&sem->waiters, until) == THREAD_TIMED_OUT)
			return SYS_ARCH_TIMEOUT;
	sem->count--;
	return 0;
}

/* ---- Mailboxes ---- */

err_t sys_mbox_new(sys_mbox_t *mbox, int size)
{
	(void)size;
	*mbox = (sys_mbox_t){ .valid = true };
	return ERR_OK;
}

void sys_mbox_free(sys_mbox_t *mbox)
{
	mem_free(mbox->ring);
	*mbox = (sys_mbox_t){ .valid = false };
}

static bool grow(sys_mbox_t *mbox)
{
	uint32_t size = mbox->size ? 2 * mbox->size : 8;
	void **ring = mem_malloc(size * sizeof(*ring));

	if (!ring)
		return false;
	for (uint32_t i = mbox->head; i != mbox->tail; i++)
		ring[i & (size - 1)] = mbox->ring[i & (mbox->size - 1)];
	if (mbox->ring)
		mem_free(mbox->ring);
	mbox->ring = ring;
	mbox->size = size;
	return true;
}

err_t sys_mbox_trypost(sys_mbox_t *mbox, void *msg)
{
	if (mbox->tail - mbox->head == mbox->size && !grow(mbox))
		return ERR_MEM;
	mbox->ring[mbox->tail++ & (mbox->size - 1)] = msg;
	thread_wake(&mbox->readers);
	return ERR_OK;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *mbox, void *msg)
{
	return sys_mbox_trypost(mbox, msg);
}

/* Only lwIP's own thread is posted to in this way, by nobody here. */
void sys_mbox_post(sys_mbox_t *mbox, void *msg)
{
	if (sys_mbox_trypost(mbox, msg) != ERR_OK)
		panic("no memory for a message to lwIP");
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mbox, void **msg)
{
	if (mbox->head == mbox->tail)
		return SYS_MBOX_EMPTY;
	*msg = mbox->ring[mbox->head++ & (mbox->size - 1)];
	return 0;
}

/*
 * One that is cancelled gets the message that stands for an aborted connection: whoever asked is gone, but the socket
 * may live on, and what came for it is for the next reader.
 */
u32_t sys_arch_mbox_fetch(sys_mbox_t *mbox, void **msg, u32_t timeout)
{
	uint32_t until = deadline(timeout);

	while (sys_arch_mbox_tryfetch(mbox, msg) == SYS_MBOX_EMPTY) {
		int outcome = thread_wait(&mbox->readers, until);
		if (outcome == THREAD_TIMED_OUT)
			return SYS_ARCH_TIMEOUT;
		if (outcome == THREAD_CANCELLED) {
			if (mbox->head != mbox->tail)
				thread_wake(&mbox->readers);
			*msg = (void *)&netconn_aborted;
			return 0;
		}
	}
	return 0;
}
