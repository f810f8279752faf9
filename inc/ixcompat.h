/* SPDX-License-Identifier: MIT */
/*
 * For programs written for IX's own libix: in place of their includes (<ixev.h>, <mempool.h>, <errno.h>, <stdio.h>,
 * <stdlib.h>, <pthread.h>) they include this. Everything keeps IX's names and meanings; what is different underneath:
 *
 *  - IX reads the ports to listen on from a file at boot. Here ixev_init_thread listens on IX_PORT, which a program
 *    may define before this include.
 *  - There is one thread: sys_nrcpus says 1, and pthread_create fails.
 *  - A pool's objects come from the send heap one by one, up to the number that its datastore was made for.
 *
 * user/ixclassic.c is such a program. New ones use inc/ixev.h.
 */
#ifndef JOS_INC_IXCOMPAT_H
#define JOS_INC_IXCOMPAT_H

#include <inc/ixev.h>
#include <inc/lib.h>

#ifndef IX_PORT
#define IX_PORT 8000
#endif

#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#endif

/* <errno.h>: libix returns our numbers, negated. */
#define EAGAIN E_AGAIN
#define EINVAL E_INVAL
#define ENOMEM E_NO_MEM
#define EFAULT E_FAULT
#define ENOSYS E_INVAL

/* <stdio.h>, <stdlib.h> */
#define printf(...) cprintf(__VA_ARGS__)
#define fprintf(stream, ...) cprintf(__VA_ARGS__)
static inline long atol(const char *s) { return strtol(s, NULL, 10); }
static inline int atoi(const char *s) { return strtol(s, NULL, 10); }

/* The program begins at main. */
#define main(...) ixcompat_main(__VA_ARGS__)
int ixcompat_main(int argc, char *argv[]);
void umain(int argc, char **argv) { ixcompat_main(argc, argv); }
#define exit(status) exit()

/* <pthread.h>, and IX's system calls that come with it. */
#define __thread
typedef uint32_t pthread_t;
static inline int pthread_create(pthread_t *thread, const void *attr, void *(*start)(void *), void *arg)
{
	(void)thread, (void)attr, (void)start, (void)arg;
	return ENOSYS;
}
static inline int sys_nrcpus(void) { return 1; }
static inline void sys_spawnmode(bool on) { (void)on; }

/* <ixev.h>: this thread attaches, and listens. 0, or a negated error. */
static inline int ixcompat_init_thread(void)
{
	int r = ixev_init_thread();

	return r < 0 ? r : ixev_listen(IX_PORT);
}
#define ixev_init_thread ixcompat_init_thread

/* <mempool.h> */
#define MEMPOOL_DEFAULT_CHUNKSIZE 128

struct mempool_datastore {
	size_t size;     /* of an object */
	int left;        /* objects that can still be taken */
};

struct mempool {
	struct mempool_datastore *from;
};

static inline int mempool_create_datastore(struct mempool_datastore *store, int count, size_t size, int nostraddle,
					   int chunk, const char *name)
{
	(void)nostraddle, (void)name;
	if (count <= 0 || !size || chunk <= 0 || count % chunk)
		return -EINVAL;
	*store = (struct mempool_datastore){ size, count };
	return 0;
}

static inline int mempool_create(struct mempool *pool, struct mempool_datastore *store)
{
	pool->from = store;
	return 0;
}

/* NULL: the pool, or the heap, is used up. */
static inline void *mempool_alloc(struct mempool *pool)
{
	void *object = pool->from->left > 0 ? ix_alloc(pool->from->size) : NULL;

	pool->from->left -= object != NULL;
	return object;
}

static inline void mempool_free(struct mempool *pool, void *object)
{
	if (ix_free(object) == 0)
		pool->from->left++;
}

#endif
